# SPDX-License-Identifier: GPL-2.0-or-later
"""USB: plugged, pulled, moved, behind a hub, with equal serials."""
from rig import read, write

USB = "/sys/bus/usb/devices"


def plug(rig, driver, name, port, **properties):
    rig.qmp.plug(driver, name, bus="xhci.0", port=port, **properties)


def plug_stick(rig, name, port, serial):
    rig.qmp.call("blockdev-add", **{"driver": "null-co", "node-name": f"{name}-disk",
                                    "size": 1 << 20, "read-zeroes": True})
    plug(rig, "usb-storage", name, port, serial=serial, drive=f"{name}-disk")


def pull_stick(rig, name):
    rig.qmp.pull(name)
    rig.qmp.wait("DEVICE_DELETED", device=name)
    rig.qmp.call("blockdev-del", **{"node-name": f"{name}-disk"})


def restore(rig):
    """After a case that failed."""
    for device in rig.qmp.call("qom-list", path="/machine/peripheral"):
        if device["type"].startswith("child<usb-"):
            rig.qmp.pull(device["name"])


def usb(rig, device):
    return rig.daemon.devices()[device]["fields"]["usb"]


def keyboard(rig):
    """a keyboard plugged and pulled"""
    plug(rig, "usb-kbd", "keyboard", "1", serial="KBD-1")
    rig.hear("keyboard plugged")
    fields = usb(rig, "usb:1-1")
    assert fields["product"] == "QEMU USB Keyboard" and fields["serial"] == "KBD-1", fields
    assert fields["interface_drivers"] == "usbhid" and fields["speed"] == "480", fields
    assert fields["usb_version"] == "2.0" and fields["path"] == "1-1", fields
    rig.qmp.pull("keyboard")
    rig.hear("keyboard pulled")


def storage(rig):
    """a disk known by its serial, pulled, and plugged into another port"""
    plug_stick(rig, "stick", "2", "BLUE-1")
    rig.hear("storage plugged")
    before = usb(rig, "usb:2-2")
    assert before["serial"] == "BLUE-1" and before["interface_drivers"] == "usb-storage", before
    pull_stick(rig, "stick")
    rig.hear("storage pulled")
    plug_stick(rig, "stick", "5", "BLUE-1")
    rig.hear("storage in another port")
    after = usb(rig, "usb:2-5")
    differing = {name for name in before if before[name] != after[name]}
    assert differing == {"path", "device"}, (before, after)
    pull_stick(rig, "stick")
    rig.hear("storage pulled from there")


def hub(rig):
    """a hub with two devices behind it, pulled with both"""
    plug(rig, "usb-hub", "hub", "3")
    rig.hear("hub plugged")
    plug(rig, "usb-tablet", "tablet", "3.1")
    plug(rig, "usb-kbd", "far", "3.2", serial="KBD-2")
    rig.hear("devices behind the hub")
    assert rig.daemon.devices()["usb:1-3.2"]["parent"] == "usb:1-3"
    rig.qmp.pull("hub")
    rig.hear("hub pulled")


def twins(rig):
    """two equal devices with equal serials: one is pulled, the other stays"""
    for number in (1, 2):
        plug(rig, "usb-kbd", f"twin{number}", str(number), serial="SAME")
    rig.hear("twins plugged")
    assert usb(rig, "usb:1-1")["serial"] == usb(rig, "usb:1-2")["serial"] == "SAME"
    rig.qmp.pull("twin1")
    rig.hear("one twin pulled")
    rig.qmp.pull("twin2")
    rig.hear("other twin pulled")


def replaced(rig):
    """a device replaced in its port by another one, with nothing between"""
    plug(rig, "usb-kbd", "old", "1", serial="OLD")
    rig.hear("keyboard plugged")
    rig.qmp.pull("old")
    plug(rig, "usb-tablet", "new", "1", serial="NEW")
    rig.hear("keyboard replaced")
    assert usb(rig, "usb:1-1")["serial"] == "NEW"
    rig.qmp.pull("new")
    rig.hear("tablet pulled")


def authorized(rig):
    """a device that loses its interfaces by `authorized`, and gets them back"""
    plug(rig, "usb-kbd", "keyboard", "1")
    rig.hear("keyboard plugged")
    write(f"{USB}/1-1/authorized", "0")
    rig.hear("not authorized")
    assert usb(rig, "usb:1-1")["interface_drivers"] == ""
    write(f"{USB}/1-1/authorized", "1")
    rig.hear("authorized again")
    rig.qmp.pull("keyboard")
    rig.hear("keyboard pulled")


def interface(rig):
    """an interface unbound and bound: the device's drivers follow"""
    plug(rig, "usb-kbd", "keyboard", "1")
    rig.hear("keyboard plugged")
    write("/sys/bus/usb/drivers/usbhid/unbind", "1-1:1.0")
    rig.hear("not authorized")
    write("/sys/bus/usb/drivers/usbhid/bind", "1-1:1.0")
    rig.hear("authorized again")
    assert read(f"{USB}/1-1/product") == usb(rig, "usb:1-1")["product"]
    rig.qmp.pull("keyboard")
    rig.hear("keyboard pulled")


CASES = [keyboard, storage, hub, twins, replaced, authorized, interface]
