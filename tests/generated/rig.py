# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon on a machine that is made up, and a subscriber that must agree with it."""
import contextlib
import os
import sys
import tempfile
from functools import partial

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from hostdevd import (DEADLINE, Daemon, Error, Subscriber, bind_case, build_shim,  # noqa: E402
                      counters, difference, drain, run_cases, wait_until)
from machine import ROOT, SYS, Machine, enter_or_skip, slot_name, write  # noqa: E402

REPEATS = 100 if os.environ.get("LONG") else 3
MANY = 10000
IDS = [(0x8086, 0x1521), (0x10de, 0x1eb8), (0x15b3, 0x1017), (0x144d, 0xa808)]
RULES = """
groups = ( { name = "intel"; kind = "pci"; }, { name = "bound"; kind = "pci"; },
           { name = "sticks"; kind = "usb"; } );
rules = ( { name = "driver"; group = "bound"; match = ( ("driver", "ne", "") ); },
          { name = "vendor"; group = "intel"; match = ( ("vendor_device", "bw", "8086:") ); },
          { name = "serial"; group = "sticks"; match = ( ("serial", "eq", "S1") ); } );
"""


@contextlib.contextmanager
def daemon(config="", environment=None, monitor="udev", rules=RULES):
    running = Daemon(rules, "--monitor", monitor, config=config,
                     environment={"SYSTEMD_DEVICE_VERIFY_SYSFS": "0", **(environment or {})})
    try:
        yield running
    finally:
        running.close()


@contextlib.contextmanager
def watched(**options):
    with daemon(**options) as running:
        subscriber = Subscriber(running.socket)
        try:
            yield running, subscriber
        finally:
            subscriber.close()


@contextlib.contextmanager
def trigger_file():
    """A path that nobody else has; a shim does what it is for while there is a file."""
    with tempfile.TemporaryDirectory(prefix="hostdevd-trigger-", dir="/dev/shm") as folder:
        yield f"{folder}/trigger"


def expect_right(running, subscriber, **options):
    """The daemon, its subscriber and a daemon that has just started say the same."""
    with daemon(**{"monitor": "kernel", **options}) as fresh:
        wanted = fresh.devices()
    wait_until(lambda: running.devices() == wanted,
               lambda: f"the daemon: {difference(running.devices(), wanted)}")
    subscriber.catch_up(running.call("ListDevices")["seq"])
    wait_until(lambda: subscriber.model() == wanted,
               lambda: f"the subscriber: {difference(subscriber.model(), wanted)}")


def tell_paced(running, machine, action, slots):
    """Never more than the smallest buffer holds, so that nothing is lost."""
    taken = counters(running)["events"]
    for number, slot in enumerate(slots, 1):
        machine.tell(action, slot)
        if number % 50 == 0:
            wait_until(lambda sent=taken + number: counters(running)["events"] >= sent, "lost")


def expect_nothing_lost(running):
    """No resync, neither done nor due."""
    assert counters(running)["resyncs"] == 0
    assert "will look at every device again" not in running.read_log()


def fill(machine, count):
    machine.clear()
    for number in range(count):
        machine.add(slot_name(number), *IDS[number % len(IDS)])


def rss_mib(running):
    with open(f"/proc/{running.process.pid}/status", encoding="ascii") as stream:
        return [int(line.split()[1]) // 1024 for line in stream if line.startswith("VmRSS")][0]


def enter():
    """Where /sys is our own; where that cannot be, all is skipped."""
    enter_or_skip("HOSTDEVD_GENERATED", "a generated machine", "--map-root-user")


def run_on_machine(cases):
    """Runs the cases, each on the one machine that there is."""
    machine = Machine()
    run_cases([bind_case(case, partial(case, machine)) for case in cases])
