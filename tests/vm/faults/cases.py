# SPDX-License-Identifier: GPL-2.0-or-later
"""Storms of events, lost ones, and a udevd that is stopped, restarted and killed."""
import contextlib
import glob
import itertools
import signal
import subprocess
import time

from expected import wrong
from hostdevd import Subscriber, counters, drain, wait_until
from rig import write

PCI = "/sys/bus/pci"
CARD = "0000:01:00.0"
STORM = 10000
SMALL = "receive_buffer = 4096;"


def unbind():
    write(f"{PCI}/drivers/e1000e/unbind", CARD)


def bind():
    write(f"{PCI}/drivers/e1000e/bind", CARD)


def restore(rig):
    """After a case that failed."""
    rig.udevd.process.send_signal(signal.SIGCONT)
    if rig.udevd.process.poll() is not None:
        rig.udevd.start()
    for device in rig.qmp.call("qom-list", path="/machine/peripheral"):
        if device["name"] == "keyboard":
            rig.qmp.pull("keyboard")
    with contextlib.suppress(OSError):
        bind()


def blow(happenings):
    """`change` writes to all PCI functions in turn; what else happens, by the number of the write."""
    paths = itertools.cycle(glob.glob(f"{PCI}/devices/*/uevent"))
    start = time.monotonic()
    for number in range(STORM):
        write(next(paths), "change")
        if number in happenings:
            happenings[number]()
    print(f"# {STORM} writes in {time.monotonic() - start:.1f} s")


def hide(rig):
    """A storm in which a driver goes and a keyboard comes."""
    blow({STORM - 20: unbind,
          STORM // 2: lambda: rig.qmp.plug("usb-kbd", "keyboard", bus="xhci.0", port="1")})


def shows(daemon):
    devices = daemon.devices()
    return devices[f"pci:{CARD}"].get("group") == "free" and \
        devices.get("usb:1-1", {}).get("group") == "keyboards"


def wait_until_healed(daemon):
    """The storm is over: says how long the model was wrong then."""
    start = time.monotonic()
    wait_until(lambda: shows(daemon), "it stays wrong")
    print(f"# right again {time.monotonic() - start:.2f} s after the storm, "
          f"{counters(daemon)['overruns']} overruns")
    assert counters(daemon)["overruns"] >= 1


def undo(rig):
    rig.qmp.pull("keyboard")
    rig.hear("keyboard pulled")
    bind()
    rig.hear("driver bound")


def lost_from_kernel(rig):
    """10,000 kernel events through a small buffer: right again, only true differences told"""
    subprocess.run(["modprobe", "usbhid"], check=True)
    rig.udevd.end()
    try:
        rig.start("--monitor", "kernel", config=SMALL)
        hide(rig)
        wait_until_healed(rig.daemon)
        rig.hear_without_udevd("storm of which much was lost")
    finally:
        rig.udevd.start()
    rig.start()
    undo(rig)


def lost_from_udev(rig):
    """10,000 of udevd's events: nothing is lost, or through a small buffer right again"""
    taken = counters(rig.daemon)["events"]
    with rig.another("--monitor", "udev", config=SMALL) as small, \
            Subscriber(small.socket) as subscriber:
        hide(rig)
        rig.settle()
        wait_until_healed(small)
        wait_until(lambda: counters(small)["resyncs"] > 0, "no resync is told")
        drain(small)
        rig.hear("storm")
        assert subscriber.model() == small.devices() == rig.daemon.devices()
        problem = wrong(rig.expected["storm of which much was lost"], subscriber.news())
        assert not problem, problem
    assert counters(rig.daemon)["events"] - taken >= STORM
    assert counters(rig.daemon)["overruns"] == counters(rig.daemon)["resyncs"] == 0
    undo(rig)


def monitor_is(rig, monitor):
    wait_until(lambda: rig.status()["monitor"] == monitor, lambda: rig.status()["monitor"])


def silent_then_kernel(rig):
    """udevd does not repeat an unbind: said in status, and seen; then the kernel's events count."""
    unbind()
    rig.hear_without_udevd("driver unbound unknown to udevd")
    monitor_is(rig, "udev-silent")
    bind()
    rig.hear_without_udevd("driver bound")


def stopped(rig):
    """udevd stopped: said in status, seen all the same; it goes on: said too"""
    rig.udevd.process.send_signal(signal.SIGSTOP)
    silent_then_kernel(rig)
    rig.udevd.process.send_signal(signal.SIGCONT)
    rig.hear("udevd speaks again")
    monitor_is(rig, "udev")


def killed(rig):
    """udevd killed: said in status, seen all the same; another one started: said too"""
    rig.udevd.end(signal.SIGKILL)
    silent_then_kernel(rig)
    rig.udevd.start()
    write(f"{PCI}/devices/{CARD}/uevent", "change")
    rig.hear("udevd speaks again")
    monitor_is(rig, "udev")


def restarted(rig):
    """udevd restarted with an event between: it is looked at all the same"""
    rig.udevd.end(signal.SIGTERM)
    unbind()
    rig.udevd.start()
    rig.hear_without_udevd("driver unbound while udevd restarts")
    bind()
    rig.hear("driver bound again")
    monitor_is(rig, "udev")


def told_nothing(rig):
    """a daemon that is told no monitor takes udevd's events, and the kernel's where no udevd runs"""
    with rig.another("--debug") as started:
        assert started.call("Status")["status"]["monitor"] == "udev"
    rig.udevd.end(signal.SIGTERM)
    try:
        with rig.another("--debug") as started:
            assert started.call("Status")["status"]["monitor"] == "kernel"
    finally:
        rig.udevd.start()


CASES = [lost_from_kernel, lost_from_udev, stopped, killed, restarted, told_nothing]
