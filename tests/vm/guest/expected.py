# SPDX-License-Identifier: GPL-2.0-or-later
"""What a subscriber should hear, as data.

    [keyboard plugged]
    usb:1-1            device.added device.changed(interface_drivers)* group.joined(keyboards)
    7x pci:0000:01:1*  device.added group.joined(vfs)
    -                  resync

A step, then for each device its events in order; between devices no order is
promised, and of a device that is not named none may come. `7x` is each of just
seven devices that fit the shell pattern; `-` is what is about no device. The
names after `device.changed` are all that may differ then, beside what follows
from them: `bound`, `rule` and `state`. `*` is any number of times, also none:
how much one look sees of what the kernel is still making is chance, and only
that is what the stars are for.
"""
import fnmatch
import re

TOKEN = re.compile(r"([a-z.]+)(?:\(([^)]*)\))?(\*?)")
IMPLIED = {"bound", "rule", "state"}
LINE = re.compile(r"(?:(\d+)x )?(\S+)\s+(\S.*)")


class Line:
    def __init__(self, text):
        count, self.pattern, stream = LINE.fullmatch(text).groups()
        self.count = int(count or 1)
        self.tokens = [TOKEN.fullmatch(word).groups() for word in stream.split()]


def read(path):
    """{step: [line]}"""
    steps = {}
    with open(path, encoding="utf-8") as stream:
        for text in (line.split("#")[0].strip() for line in stream):
            if text.startswith("["):
                lines = steps.setdefault(text[1:-1], [])
            elif text:
                lines.append(Line(text))
    return steps


def word(event):
    """An event as it is written here."""
    if event["type"] in ("group.joined", "group.left"):
        return event["type"], event["group"]
    if event["type"] == "device.changed":  # a NIC's function tells its driver twice, as each kind
        names = {name.split(".", 1)[-1] for name in event["changed"]} - IMPLIED
        return event["type"], ",".join(sorted(names))
    return event["type"], None


def same(token, heard):
    if token[0] == "device.changed" == heard[0]:
        return set(heard[1].split(",")) <= {"", *token[1].split(",")}
    return token[:2] == heard


def fits(tokens, words):
    """Whether the words are all of the tokens, in order."""
    if not tokens:
        return not words
    if tokens[0][2] and fits(tokens[1:], words):
        return True
    return bool(words) and same(tokens[0], words[0]) and \
        fits(tokens if tokens[0][2] else tokens[1:], words[1:])


def by_device(events):
    found = {}
    for event in events:
        found.setdefault(event.get("device", {}).get("id", "-"), []).append(word(event))
    return found


def wrong(lines, events):
    """What does not fit, in words; empty if all does."""
    heard = by_device(events)
    problems = []
    for line in lines:
        devices = fnmatch.filter(heard, line.pattern)
        if len(devices) != line.count:
            problems.append(f"{line.pattern}: {len(devices)} of {line.count} told of")
        problems += [f"{device}: {spell(heard[device])}" for device in devices
                     if not fits(line.tokens, heard[device])]
    for device, words in heard.items():
        if not any(fnmatch.fnmatch(device, line.pattern) for line in lines):
            problems.append(f"{device}, of which nothing is expected: {spell(words)}")
    return "\n".join(problems)


def spell(words):
    return " ".join(name if about is None else f"{name}({about})" for name, about in words)
