# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual functions of a NIC: made, taken away, unbound, and all of it while being read."""
import contextlib
import glob
import os
import subprocess
import threading

from expected import word
from rig import LONG, read, write

PCI = "/sys/bus/pci"
PF = f"{PCI}/devices/0000:01:00.0"
VF = "0000:01:10.2"
IGBVF = f"{PCI}/drivers/igbvf"


def set_vfs(count):
    write(f"{PF}/sriov_numvfs", str(count))


def restore(_):
    """After a case that failed."""
    write(f"{PF}/sriov_drivers_autoprobe", "1")
    set_vfs(0)


def virtual_functions():
    """By index, as the PF's links say it: their addresses are nobody's to compute."""
    return [os.path.basename(os.readlink(f"{PF}/virtfn{index}"))
            for index in range(len(glob.glob(f"{PF}/virtfn*")))]


def all_and_none(rig):
    """sriov_numvfs 0 to 7 to 0"""
    set_vfs(7)
    rig.hear("seven functions")
    devices = rig.daemon.devices()
    for index, slot in enumerate(virtual_functions()):
        device = devices[f"pci:{slot}"]
        fields = device["fields"]["sriov-nic"]
        assert device["kinds"] == ["pci", "sriov-nic"], device
        assert fields["vf_index"] == str(index), device
        assert fields["pf_name"] == os.listdir(f"{PF}/net")[0], device
        assert device["parent"] == "pci:0000:01:00.0", device
    set_vfs(0)
    rig.hear("no function")


def without_driver(rig):
    """virtual functions that no driver takes, one bound by hand"""
    write(f"{PF}/sriov_drivers_autoprobe", "0")
    try:
        set_vfs(7)
        rig.hear("seven functions without driver")
        write(f"{PCI}/devices/{VF}/driver_override", "igbvf")
        write(f"{IGBVF}/bind", VF)
        rig.hear("one bound")
        write(f"{IGBVF}/unbind", VF)
        rig.hear("one unbound")
    finally:
        set_vfs(0)
        write(f"{PF}/sriov_drivers_autoprobe", "1")
    rig.hear("no function without driver")


def renamed_interface(rig):
    """the PF's interface renamed: its virtual functions show the name"""
    set_vfs(7)
    rig.hear("seven functions")
    name = os.listdir(f"{PF}/net")[0]  # the old one stays as a second name: it cannot go back
    subprocess.run(["busybox", "ip", "link", "set", name, "name", "trunk"], check=True)
    rig.hear("interface renamed")
    assert rig.daemon.devices()[f"pci:{VF}"]["fields"]["sriov-nic"]["pf_name"] == "trunk"
    set_vfs(0)
    rig.hear("no function")


def card_unbound(rig):
    """the card's driver unbound with virtual functions there: they go, it stays"""
    set_vfs(7)
    rig.hear("seven functions")
    write(f"{PCI}/drivers/igb/unbind", "0000:01:00.0")
    rig.hear("card unbound")
    assert read(f"{PF}/sriov_numvfs") == "0"
    write(f"{PCI}/drivers/igb/bind", "0000:01:00.0")
    rig.hear("card bound")


def hammer(stop):
    """Events about everything, so that the daemon looks while things come and go.

    No more than udevd can take: with thousands in its queue it takes seconds for each.
    """
    while not stop.wait(0.05):
        for path in glob.glob(f"{PCI}/devices/0000:01*/uevent"):
            with contextlib.suppress(OSError):  # it may go between
                write(path, "change")


def rebind(stop):
    while not stop.is_set():
        for slot in os.listdir(f"{PCI}/devices"):
            if slot.startswith("0000:01:1"):
                for what in ("unbind", "bind"):
                    with contextlib.suppress(OSError):
                        write(f"{IGBVF}/{what}", slot)


def toggled(rig):
    """gone between event and read: numvfs and drivers toggled in a loop, under load"""
    stop = threading.Event()
    threads = [threading.Thread(target=target, args=(stop,)) for target in (hammer, rebind)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20 if LONG else 3):
            set_vfs(7)
            set_vfs(0)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    rig.agree()
    events = rig.listen()
    rig.heard = []
    print(f"# {len(events)} events told")
    assert all(e["device"]["id"].startswith("pci:0000:01:1") for e in events), events
    assert {e["group"] for e in events if e["type"] == "group.joined"} <= {"vfs", "free"}, "torn"
    for event in events:  # one that is half gone for long, on a busy machine, is a VF of nobody
        if event["type"] == "device.changed" and word(event)[1] != "driver":
            assert event["device"]["fields"]["pci"]["function"] == "virtual", event
            assert "physical_function" not in event["device"]["fields"]["pci"], event
    set_vfs(7)
    rig.hear("seven functions")
    set_vfs(0)
    rig.hear("no function")


CASES = [all_and_none, without_driver, renamed_interface, card_unbound, toggled]
