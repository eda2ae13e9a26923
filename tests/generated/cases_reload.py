# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules that change while devices do."""
import itertools
import os
import random
import select
import signal
import time

from rig import (DEADLINE, IDS, MANY, ROOT, RULES, Error, counters, expect_nothing_lost,
                 expect_right, fill, slot_name, wait_until, watched, write)


def many_rules(name, count, last):
    """`count` rules that hold for no device, then `last`, for the groups NAME-0 and NAME-1."""
    tests = "".join(f"""{{ name = "r{number}"; group = "{name}-0"; match = (
        ("vendor_device", "bw", "{number:04x}:"), ("udev.SEAT", "eq", "s{number}") ); }},\n"""
                    for number in range(count))
    return f"""groups = ( {{ name = "{name}-0"; kind = "pci"; }},
                          {{ name = "{name}-1"; kind = "pci"; }} );
               rules = ( {tests} {last} );"""


BY_SEAT = """{ name = "s0"; group = "seats-0"; match = ( ("udev.SEAT", "eq", "s0") ); },
             { name = "s1"; group = "seats-1"; match = ( ("udev.SEAT", "eq", "s1") ); }"""
BY_PORT = """{ name = "p0"; group = "ports-0"; match = ( ("udev.PORT", "ne", "p1") ); },
             { name = "p1"; group = "ports-1"; match = ( ("driver", "ne", "") ); }"""


def give_properties(slot, **properties):
    """libudev finds them there, in the folder of a device that says what it is."""
    if not os.path.lexists(f"{ROOT}/{slot}/subsystem"):
        os.symlink("../../../bus/pci", f"{ROOT}/{slot}/subsystem")
    write(f"{ROOT}/{slot}/uevent", "".join(f"{k}={v}\n" for k, v in properties.items()))
    return properties


class Seats:
    """Functions with udev properties that come, go and change."""

    def __init__(self, machine, count, seed):
        self.machine = machine
        self.random = random.Random(seed)
        fill(machine, count)
        self.slots = machine.slots()
        for slot in self.slots:
            self.seat(slot)

    def seat(self, slot):
        return give_properties(slot, SEAT=self.random.choice(("s0", "s1", "s2")),
                               PORT=self.random.choice(("p0", "p1")))

    def add(self, slot):
        self.machine.add(slot, *self.random.choice(IDS))
        self.machine.tell("add", slot, **self.seat(slot))

    def remove(self, slot):
        self.machine.remove(slot)
        self.machine.tell("remove", slot)

    def move(self):
        """One of what may happen to a device, at any place of the order."""
        slot = self.random.choice(self.slots)
        what = self.random.randrange(5)
        if not os.path.exists(f"{ROOT}/{slot}"):
            self.add(slot)
        elif what == 0:
            self.remove(slot)
        elif what == 1:
            self.remove(slot)
            self.add(slot)
        elif what == 2 and os.path.exists(f"{ROOT}/{slot}/driver"):
            self.machine.unbind(slot)
            self.machine.tell("unbind", slot)
        elif what == 2:
            self.machine.bind(slot, "nvme")
            self.machine.tell("bind", slot, **self.seat(slot))
        else:
            self.machine.tell("change", slot, **self.seat(slot))


def has_answer(connection):
    return bool(select.select([connection.socket], [], [], 0)[0])


def begin_reload(running, rules):
    """A connection that waits for its Reload, which is under way: who asks later is answered."""
    running.write_rules(rules)
    before = counters(running)["reloads"]
    connection = running.connect()
    connection.send("Reload")
    assert counters(running)["reloads"] == before, "it was carried out in one turn"
    assert not has_answer(connection)
    return connection


def reload_among_events(machine):
    """a Reload of 10,000 functions holds up nobody, and takes in what happens meanwhile"""
    seats = Seats(machine, MANY, 1)
    rules = many_rules("seats", 400, BY_SEAT)
    with watched() as (running, subscriber):
        reader = running.connect()
        events = counters(running)["events"]
        waiting = begin_reload(running, rules)
        seen = []
        while not has_answer(waiting):
            seats.move()
            seen.append(reader.call("Status")["status"])
        moves = waiting.receive()["parameters"]["moves"]
        # the last may have been answered in the turn of the swap
        before = [status for status in seen if status["counters"]["reloads"] == 0]
        assert len(before) >= len(seen) - 1 and len(before) > 0
        assert all(status["counts"]["rules"] == 3 for status in before)
        assert before[-1]["counters"]["events"] > events, "no event between"
        wait_until(lambda: "rules.reloaded" in [e["type"] for e in subscriber.events], "not told")
        print(f"# {len(before)} answers before the swap, {len(moves)} moves")
        groups = {move.get("to") for move in moves}
        assert groups == {None, "seats-0", "seats-1"}, groups
        for _ in range(20):
            seats.move()  # whose events bring what the new rules name
        expect_right(running, subscriber, rules=rules, monitor="udev")
        expect_nothing_lost(running)
        reader.close()
        waiting.close()


def reloads_in_a_row(machine):
    """who asks while a Reload is under way gets one of its own, whoever goes away meanwhile"""
    Seats(machine, MANY, 2)
    by_seat, by_port = many_rules("seats", 100, BY_SEAT), many_rules("ports", 100, BY_PORT)
    with watched() as (running, subscriber):
        running.write_rules(by_port)
        assert running.call("Reload")["moves"], "nobody else wakes the daemon meanwhile"
        gone = begin_reload(running, by_seat)
        running.write_rules(by_port)
        waiting = [running.connect() for _ in range(2)]
        for connection in waiting:
            connection.send("Reload")
        gone.close()
        first = waiting[0].receive()["parameters"]["moves"]
        assert {move.get("from") for move in first} == {None, "seats-0", "seats-1"}, "not its own"
        assert {move.get("to") for move in first} >= {"ports-0"}
        assert waiting[1].receive()["parameters"]["moves"] == []
        assert counters(running)["reloads"] == 4
        again = begin_reload(running, by_seat)
        running.process.send_signal(signal.SIGHUP)
        assert again.receive()["parameters"]["moves"]
        wait_until(lambda: counters(running)["reloads"] == 6, "SIGHUP was lost")
        refused = begin_reload(running, by_port)
        running.write_rules("nonsense")
        waiting[0].send("Reload")
        assert refused.receive()["parameters"]["moves"], "the one before it is as it was"
        try:
            waiting[0].receive()
            raise AssertionError("accepted")
        except Error as error:
            assert error.name == "org.hostdevd.InvalidRules"
        expect_right(running, subscriber, rules=by_port, monitor="udev")
        assert running.call("Status")["status"]["rules"] == "current"
        for connection in (again, refused, *waiting):
            connection.close()
        begin_reload(running, by_seat)  # and it ends well in the midst of one, with the case


def reload_before_a_look(machine):
    """an event whose look is put off brought what the old rules name, and is judged by the new"""
    fill(machine, 5)
    slot = slot_name(7)
    rules = many_rules("seats", 1, BY_SEAT)
    with watched() as (running, subscriber):
        for _ in range(20):  # a machine so busy that all attempts pass before is asked again
            running.write_rules(RULES)
            running.call("Reload")
            before = counters(running)["incomplete_looks"]
            machine.add(slot)
            os.rename(f"{ROOT}/{slot}/vendor", f"{ROOT}/{slot}/later")
            machine.tell("add", slot, **give_properties(slot, SEAT="s1"))
            wait_until(lambda known=before: counters(running)["incomplete_looks"] > known, "no look")
            running.write_rules(rules)
            running.call("Reload")
            os.rename(f"{ROOT}/{slot}/later", f"{ROOT}/{slot}/vendor")
            if counters(running)["incomplete_looks"] - before < 4:
                break
            machine.remove(slot)
        expect_right(running, subscriber, rules=rules, monitor="udev")
        assert subscriber.model()[f"pci:{slot}"]["group"] == "seats-1"


def reload_among_changes(machine):
    """a Reload ends though devices change faster than its rules decide them"""
    fill(machine, 40)
    slow = "".join(f"""{{ name = "b{number}"; group = "slow-0"; match = (
        ("udev.SEAT", "rx", "^(([0-9a-f]|[0-9a-f])+)+[g-z]{{1,{number + 1}}}$") ); }},\n"""
                   for number in range(40))
    rules = many_rules("slow", 0, slow + BY_SEAT.replace("seats", "slow"))
    # values that nobody has seen: what was judged before does not help
    seats = map("{:040x}".format, itertools.count())
    for slot in machine.slots():
        give_properties(slot, SEAT=next(seats))
    with watched() as (running, subscriber), running.connect() as reader:
        waiting = begin_reload(running, rules)
        deadline = time.monotonic() + DEADLINE
        for revision in itertools.count(2):
            for slot in machine.slots():
                write(f"{ROOT}/{slot}/revision", f"0x{revision % 256:02x}\n")
                machine.tell("change", slot, **give_properties(slot, SEAT=next(seats)))
            reader.call("Status")  # answered in each turn, so that nothing is lost
            if has_answer(waiting):
                break
            assert time.monotonic() < deadline, "it never ends"
        assert len(waiting.receive()["parameters"]["moves"]) <= 40
        print(f"# it took {revision - 1} changes of each")
        expect_right(running, subscriber, rules=rules, monitor="udev")
        expect_nothing_lost(running)
        waiting.close()


CASES = [reload_among_events, reloads_in_a_row, reload_before_a_look, reload_among_changes]
