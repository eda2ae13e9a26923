# SPDX-License-Identifier: GPL-2.0-or-later
"""PCI cards: hot-added, pulled as asked and by surprise, removed and found again by the kernel."""
import os
import struct

from rig import write

PCI = "/sys/bus/pci"
PORT = "0000:00:05.0"
EXPRESS, SLOT_CONTROL = 0x10, 0x18
TELL_PRESENCE, INTERRUPT, INDICATORS_OFF, POWER_OFF = 0x0008, 0x0020, 0x03c0, 0x0400


def restore(rig):
    """After a case that failed."""
    write(f"{PCI}/rescan", "1")
    for device in rig.qmp.call("qom-list", path="/machine/peripheral"):
        if device["name"] in ("card1", "card2"):
            rig.qmp.pull(device["name"])


def hot_added(rig):
    """a card hot-added, and removed as its slot's button asks"""
    rig.qmp.plug("e1000e", "card1", bus="rp1")
    rig.hear("card added")
    device = rig.daemon.devices()["pci:0000:01:00.0"]
    assert device["parent"] == "pci:0000:00:04.0", device
    assert device["fields"]["pci"]["vendor_device"] == "8086:10d3", device
    rig.qmp.pull("card1")  # the kernel gives five seconds to think again
    rig.hear("card removed")


def tear_out(port):
    """Empties the slot behind the kernel's back, which then finds it powered and empty.

    QEMU takes the card when the slot's power goes off; nobody is told until it is on again.
    """
    with open(f"{PCI}/devices/{port}/config", "r+b", buffering=0) as config:
        offset = os.pread(config.fileno(), 1, 0x34)[0]
        while os.pread(config.fileno(), 1, offset)[0] != EXPRESS:
            offset = os.pread(config.fileno(), 1, offset + 1)[0]
        offset += SLOT_CONTROL
        control, = struct.unpack("<H", os.pread(config.fileno(), 2, offset))
        for value in ((control | POWER_OFF | INDICATORS_OFF) & ~INTERRUPT, control | TELL_PRESENCE):
            os.pwrite(config.fileno(), struct.pack("<H", value), offset)


def surprise(rig):
    """a card removed by surprise: gone before its driver hears of it"""
    rig.qmp.plug("e1000e", "card2", bus="rp2")
    rig.hear("second card added")
    tear_out(PORT)
    rig.qmp.wait("DEVICE_DELETED", device="card2")
    rig.hear("second card torn out")


def removed_and_rescanned(rig):
    """a function removed through sysfs, and found again by a rescan"""
    write(f"{PCI}/devices/0000:03:00.0/remove", "1")
    rig.hear("function removed")
    write(f"{PCI}/rescan", "1")
    rig.hear("function found again")


def port_removed(rig):
    """a port removed with the card behind it, and both found again"""
    write(f"{PCI}/devices/0000:00:06.0/remove", "1")
    rig.hear("port removed")
    write(f"{PCI}/rescan", "1")
    rig.hear("port found again")


def removed_and_back_at_once(rig):
    """a function removed and found again, over and over, faster than anybody looks"""
    for _ in range(10):
        write(f"{PCI}/devices/0000:03:00.0/remove", "1")
        write(f"{PCI}/rescan", "1")
    rig.agree()
    assert {event["device"]["id"] for event in rig.listen()} == {"pci:0000:03:00.0"}, rig.heard
    assert rig.daemon.devices()["pci:0000:03:00.0"]["group"] == "nics"
    rig.heard = []


CASES = [hot_added, surprise, removed_and_rescanned, port_removed, removed_and_back_at_once]
