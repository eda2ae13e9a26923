# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions bound to vfio-pci and back, and held open."""
import contextlib
import fcntl
import os
import struct
import subprocess

from hostdevd import DEADLINE, wait_until
from rig import read, write

PCI = "/sys/bus/pci"
PF = f"{PCI}/devices/0000:01:00.0"
VF = "0000:01:10.0"
VFIO_SET_IOMMU, VFIO_GROUP_SET_CONTAINER, VFIO_GROUP_GET_DEVICE_FD = 0x3b66, 0x3b68, 0x3b6a
TYPE1_IOMMU = 1


def set_vfs(count):
    write(f"{PF}/sriov_numvfs", str(count))


def restore(_):
    """After a case that failed."""
    set_vfs(0)


def bind_to(slot, driver):
    """As libvirt does it: override, unbind, probe."""
    if driver:
        subprocess.run(["modprobe", driver], check=True)
    folder = f"{PCI}/devices/{slot}"
    write(f"{folder}/driver_override", f"{driver}\n")
    with contextlib.suppress(FileNotFoundError):
        write(f"{folder}/driver/unbind", slot)
    write(f"{PCI}/drivers_probe", slot)


def there_and_back(rig):
    """a virtual function bound to vfio-pci and back"""
    set_vfs(2)
    rig.hear("two functions")
    group = rig.daemon.devices()[f"pci:{VF}"]["fields"]["pci"]["iommu_group"]
    bind_to(VF, "vfio-pci")
    rig.hear("on vfio-pci")
    device = rig.daemon.devices()[f"pci:{VF}"]
    assert device["bound"] == device["fields"]["sriov-nic"]["driver"] == "vfio-pci", device
    assert device["fields"]["pci"]["iommu_group"] == group and os.path.exists(f"/dev/vfio/{group}")
    bind_to(VF, "")
    rig.hear("back on its driver")
    set_vfs(0)
    rig.hear("no function")


def made_anew(rig):
    """a virtual function on vfio-pci that is made anew has its first driver"""
    set_vfs(2)
    rig.hear("two functions")
    bind_to(VF, "vfio-pci")
    rig.hear("on vfio-pci")
    set_vfs(0)
    rig.hear("no function, one was on vfio-pci")
    set_vfs(2)
    rig.hear("two functions")
    set_vfs(0)
    rig.hear("no function")


def card(rig):
    """the card itself bound to vfio-pci and back"""
    bind_to("0000:01:00.0", "vfio-pci")
    rig.hear("card on vfio-pci")
    bind_to("0000:01:00.0", "")
    rig.hear("card back on its driver")


def open_device(slot):
    """The function as a virtual machine has it: container, group and device."""
    group = os.path.basename(os.readlink(f"{PCI}/devices/{slot}/iommu_group"))
    container = os.open("/dev/vfio/vfio", os.O_RDWR)
    held = os.open(f"/dev/vfio/{group}", os.O_RDWR)
    fcntl.ioctl(held, VFIO_GROUP_SET_CONTAINER, struct.pack("i", container))
    fcntl.ioctl(container, VFIO_SET_IOMMU, TYPE1_IOMMU)
    device = fcntl.ioctl(held, VFIO_GROUP_GET_DEVICE_FD, bytearray(slot.encode() + b"\0"), True)
    return [device, held, container]


def held_open(rig):
    """functions taken away while one is held open: half gone until it is closed

    Its folder is locked as long: udevd hangs in reading `uevent`, so nobody may wait for udevd.
    """
    rig.start("--monitor", "kernel")
    set_vfs(2)
    rig.hear("two functions")
    bind_to(VF, "vfio-pci")
    rig.hear("on vfio-pci")
    descriptors = open_device(VF)
    writer = subprocess.Popen(["sh", "-c", f"echo 0 >{PF}/sriov_numvfs"])
    try:
        wait_until(lambda: not os.path.islink(f"{PCI}/devices/{VF}/physfn"), "the link stays")
        write(f"{PCI}/devices/{VF}/uevent", "change")
        rig.wait_for("half gone")
        assert writer.poll() is None
        with rig.another() as fresh:  # which looks at it for a while, too, before it says so
            wait_until(lambda: fresh.devices() == rig.daemon.devices(), "a fresh one disagrees")
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    assert writer.wait(DEADLINE) == 0
    rig.hear("gone at last")
    assert read(f"{PF}/sriov_numvfs") == "0"


CASES = [there_and_back, made_anew, card, held_open]
