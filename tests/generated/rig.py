# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon on a machine that is made up, and a subscriber that must agree with it."""
import contextlib
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from hostdevd import BUILD, DEADLINE, TOP, Daemon, Error, Watch, run_cases  # noqa: E402
from machine import ROOT, SYS, Machine, enter_namespaces, slot_name, write  # noqa: E402

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


class Subscriber(Watch):
    """Applies events in a thread of its own, and takes none that tells no difference."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.problem = None
        super().__init__(path, snapshot=True)
        self.start = len(self.events)
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def apply(self, event):
        known = self.devices.get(event.get("device", {}).get("id"))
        with self.lock:
            if event["type"] == "device.changed":
                assert known and event["device"] != known and event["changed"], event
            elif event["type"] == "device.added":
                assert known is None, event
            super().apply(event)

    def follow(self):
        try:
            while True:
                self.next(None)
        except (OSError, EOFError):
            pass
        except Exception as problem:  # pylint: disable=broad-except
            self.problem = problem

    def model(self):
        assert not self.problem, self.problem
        with self.lock:
            return dict(self.devices)

    def types(self):
        """Of the events since the last time it was asked."""
        assert not self.problem, self.problem
        found = [event["type"] for event in self.events[self.start:]]
        self.start += len(found)
        return found

    def count(self, kind):
        return sum(event["type"] == kind for event in self.events)

    def close(self):
        self.socket.shutdown(2)
        self.thread.join(DEADLINE)
        super().close()


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


def counters(running):
    return running.call("Status")["status"]["counters"]


def wait_until(holds, what):
    deadline = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.002)


def difference(one, other):
    return {name: (one.get(name), other.get(name)) for name in set(one) | set(other)
            if one.get(name) != other.get(name)}


def expect_right(running, subscriber, **options):
    """The daemon, its subscriber and a daemon that has just started say the same."""
    with daemon(**{"monitor": "kernel", **options}) as fresh:
        wanted = fresh.devices()
    wait_until(lambda: running.devices() == wanted,
               lambda: f"the daemon: {difference(running.devices(), wanted)}")
    wait_until(lambda: subscriber.model() == wanted,
               lambda: f"the subscriber: {difference(subscriber.model(), wanted)}")


def tell_paced(running, machine, action, slots):
    """Never more than the smallest buffer holds, so that nothing is lost."""
    taken = counters(running)["events"]
    for number, slot in enumerate(slots, 1):
        machine.tell(action, slot)
        if number % 50 == 0:
            wait_until(lambda sent=taken + number: counters(running)["events"] >= sent, "lost")


def drain(running):
    """Until all that was sent has been taken in and looked at: nothing is counted any more."""
    def settled():
        before = counters(running)
        time.sleep(0.2)
        after = counters(running)
        return all(before[name] == after[name] for name in
                              ("events", "looks", "overruns", "resyncs", "receive_errors"))
    wait_until(settled, "it does not come to rest")


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
    reason = enter_namespaces("HOSTDEVD_GENERATED", "--map-root-user")
    if reason is not None:
        print(f"ok 1 - a generated machine # SKIP needs namespaces: {reason}")
        print("1..1")
        sys.exit(0)


def run_on_machine(cases):
    """Runs the cases, each on the one machine that there is."""
    machine = Machine()

    def bind_case(case):
        def bound():
            case(machine)
        bound.__name__ = case.__name__
        bound.__doc__ = case.__doc__
        return bound

    run_cases([bind_case(case) for case in cases])
