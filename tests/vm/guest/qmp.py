# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's hand on its own machine: a virtio port that is wired to QEMU's monitor."""
import glob
import json
import os


def port(name):
    """The device node of a virtio port; the links in /dev/virtio-ports are udevd's work."""
    for path in glob.glob("/sys/class/virtio-ports/*/name"):
        with open(path, encoding="ascii") as stream:
            if stream.read().strip() == name:
                return f"/dev/{path.split('/')[-2]}"
    raise AssertionError(f"QEMU gave no port {name}")


class Qmp:
    def __init__(self):
        self.port = os.open(port("qmp"), os.O_RDWR)
        self.buffer = b""
        self.events = []
        self.call("qmp_capabilities")

    def receive(self):
        while b"\n" not in self.buffer:
            self.buffer += os.read(self.port, 65536)
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def call(self, command, **arguments):
        os.write(self.port, json.dumps({"execute": command, "arguments": arguments}).encode())
        while True:
            message = self.receive()
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                raise AssertionError(f"{command} {arguments}: {message['error']['desc']}")
            elif "return" in message:
                return message["return"]

    def wait(self, event, **data):
        """The next event of the name with such data, which may have come before."""
        while True:
            for message in self.events:
                if message["event"] == event and data.items() <= message.get("data", {}).items():
                    self.events.remove(message)
                    return message
            message = self.receive()
            if "event" in message:
                self.events.append(message)

    def plug(self, driver, name, **properties):
        self.call("device_add", driver=driver, id=name, **properties)

    def pull(self, name):
        """Asks for the device; it is gone when QEMU says so, for which nobody waits here."""
        self.call("device_del", id=name)
