# SPDX-License-Identifier: GPL-2.0-or-later
"""A made-up machine with devices to claim, the real daemon on it, and clients of any user."""
import contextlib
import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "generated")]
from hostdevd import BUILD, DEADLINE, Connection, Daemon, Error, Skip, Watch, hold_machine  # noqa: E402
from machine import ROOT, SYS, Machine, enter_or_skip  # noqa: E402

NOBODY = 65534
GPU, NIC = (0x10de, 0x1eb8), (0x8086, 0x1521)
RULES = """
groups = (
  { name = "gpus"; kind = "pci"; driver = "keep"; allow = ("nobody", "@games"); },
  { name = "nics"; kind = "pci"; driver = "keep"; },
  { name = "sticks"; kind = "usb"; driver = "keep"; },
  { name = "ours"; kind = "usb"; driver = "keep"; allow = ("no-such-user", "daemon");
    owners = ( "vm:web*", ("tenant:blue", 1) ); } );
rules = (
  { name = "gpu"; group = "gpus"; match = ( ("vendor_device", "eq", "10de:1eb8") ); },
  { name = "nic"; group = "nics"; match = ( ("vendor_device", "eq", "8086:1521") ); },
  { name = "ours"; group = "ours"; match = ( ("serial", "bw", "OUR") ); },
  { name = "stick"; group = "sticks"; match = ( ("vendor_id", "eq", "046d") ); } );
"""
machine = None


def enter_namespaces():
    """Starts this again where /sys and udev's group are its own; users must stay what they are."""
    hold_machine()  # the kernel tells its events in all namespaces of networks
    enter_or_skip("HOSTDEVD_CLAIMS", "claims")


def slot(number):
    return f"0000:{number:02x}:00.0"


def pci(number):
    return f"pci:{slot(number)}"


def wait_until(holds, what="never so"):
    deadline = time.monotonic() + DEADLINE
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


class Place(Daemon):
    """The daemon, with calls of tests in a few words."""

    def claim(self, group="gpus", **parameters):
        if "tenant" not in parameters:
            parameters.setdefault("vm", "v")
        return self.call("Claim", group=group, **parameters)["instances"]

    def claim_one(self, group="gpus", **parameters):
        instance, = self.claim(group, **parameters)
        return instance

    def release(self, **parameters):
        return self.call("Release", **parameters)["released"]

    def instances(self, **parameters):
        return self.call("ListInstances", **parameters)["instances"]

    def held(self):
        """Device and owner of each instance."""
        return {one["device"]: one.get("vm") or one["tenant"] for one in self.instances()}

    def refused(self, error, method, **parameters):
        """The parameters of the error that the call must be answered with."""
        return refused(error, self.call, method, **parameters)

    def waiter(self, **parameters):
        """A connection whose Claim waits; the daemon has read it."""
        connection = self.connect()
        calls = self.calls()
        connection.send("Claim", **{"group": "gpus", "vm": "w", "wait_ms": 600000, **parameters})
        wait_until(lambda: self.calls() > calls + 1)
        return connection

    def calls(self):
        return self.call("Status")["status"]["counters"]["calls"]

    def wait_for(self, count):
        """Until there are so many instances; they are returned."""
        return wait_until(lambda: [self.instances()] if len(self.instances()) == count else None,
                          f"not {count} instances: {self.read_log()}")[0]

    def restart(self, how=signal.SIGTERM):
        self.stop(how)
        self.start()


def refused(error, function, *arguments, **parameters):
    try:
        function(*arguments, **parameters)
    except Error as found:
        assert found.name.rsplit(".", 1)[1] == error, f"{found.name} {found.parameters}"
        assert found.parameters["message"], found
        return found.parameters
    raise AssertionError(f"done, not {error}")


@contextlib.contextmanager
def place(gpus=0, nics=0, rules=RULES, config="", environment=None):
    """So many GPUs from 0000:01:00.0 on, NICs from 0000:81:00.0 on."""
    machine.clear()
    for number in range(gpus):
        machine.add(slot(number + 1), *GPU)
    for number in range(nics):
        machine.add(slot(number + 0x81), *NIC)
    running = Place(rules, "--monitor", "udev", config='reader_group = "nogroup";' + config,
                    environment={"SYSTEMD_DEVICE_VERIFY_SYSFS": "0", **(environment or {})})
    os.chmod(running.folder, 0o755)
    try:
        yield running
    finally:
        running.close()


def start_machine():
    global machine
    machine = Machine()
    return machine


def plug(number, ids=GPU):
    machine.add(slot(number), *ids)
    machine.tell("add", slot(number))


def pull(number):
    machine.remove(slot(number))
    machine.tell("remove", slot(number))


def plug_usb(name, **attributes):
    folder = machine.add_usb(name, **attributes)
    machine.udevd.send("add", folder, "usb", "usb_device")
    return folder


def pull_usb(name):
    folder = f"{ROOT}/{name}"
    os.unlink(f"{SYS}/bus/usb/devices/{name}")
    subprocess.run(["rm", "-r", folder], check=True)
    machine.udevd.send("remove", folder, "usb", "usb_device")


def as_user(uid, function, groups=()):
    """What the function returns, called as another user that may connect; an Error comes back too."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(list(groups))
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(uid, uid, uid)
            try:
                result = {"value": function()}
            except Error as error:
                result = {"error": error.name, "parameters": error.parameters}
            except Exception as error:  # pylint: disable=broad-except
                result = {"failure": repr(error)}
            os.write(writer, json.dumps(result).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        result = json.loads(answer.read())
    os.waitpid(child, 0)
    assert "failure" not in result, result
    if "error" in result:
        raise Error(result)
    return result["value"]


@contextlib.contextmanager
def program(*arguments):
    """A process to tie a life to."""
    process = subprocess.Popen(arguments or ["sleep", "1000"], stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def holder(running, **parameters):
    """The pid of a process that claims on a connection of its own, and keeps it open."""
    child = os.fork()
    if child == 0:
        try:
            client = running.connect()
            client.call("Claim", group="gpus", life="connection", **parameters)
            signal.pause()
        finally:
            os._exit(1)
    try:
        yield child
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def path_of(name):
    return f"{os.path.abspath(BUILD)}/{name}"


class Model(Watch):
    """A subscriber that keeps the instances too."""

    def __init__(self, path, **parameters):
        self.instances = {}
        super().__init__(path, **parameters)

    def apply(self, event):
        super().apply(event)
        if event["type"] == "instance.released":
            del self.instances[event["instance"]["id"]]
        elif "instance" in event:
            if event["type"] == "instance.created":
                assert event["instance"]["id"] not in self.instances, event
            self.instances[event["instance"]["id"]] = event["instance"]

    def follow(self, running):
        """Applies events up to what the daemon says now; both must agree."""
        reply = running.call("ListInstances")
        while self.events[-1]["seq"] < reply["seq"]:
            self.next()
        told = [self.instances[key] for key in sorted(self.instances, key=lambda i: int(i[2:]))]
        assert told == reply["instances"], (told, reply["instances"])

    def types(self):
        return [event["type"] for event in self.events]
