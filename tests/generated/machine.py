# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine that is made up: a tmpfs over /sys, and udevd's messages sent by the test.

Only for a process in mount and network namespaces of its own.
"""
import itertools
import os
import shutil
import socket
import struct
import subprocess
import sys

from hostdevd import skip_all

SYS = "/sys"
ROOT = f"{SYS}/devices/pci0000:00"
UDEV_GROUP = 2


def murmur2(text):
    """The hash by which libudev's socket filter knows subsystems and types."""
    data, multiplier, mask = text.encode(), 0x5BD1E995, 0xFFFFFFFF
    value = len(data)
    while len(data) >= 4:
        word = struct.unpack("<I", data[:4])[0] * multiplier & mask
        word = (word ^ word >> 24) * multiplier & mask
        value = value * multiplier & mask ^ word
        data = data[4:]
    for i in reversed(range(len(data))):
        value ^= data[i] << 8 * i
    if data:
        value = value * multiplier & mask
    value = (value ^ value >> 13) * multiplier & mask
    return value ^ value >> 15


def enter_namespaces(mark, *options):
    """Starts this program again, with `mark` in its environment, where /sys and udev's group are
    its own. Returns None there, and elsewhere why that cannot be. `options` are unshare's."""
    here = os.readlink("/proc/self/ns/mnt")
    before = os.environ.get(mark, "")
    if before.startswith("mnt:") and before != here:  # else this machine's own /sys would be hidden
        return None
    inside = ["unshare", *options, "--mount", "--net"]
    probe = subprocess.run([*inside, "mount", "-t", "tmpfs", "none", SYS], capture_output=True,
                           text=True, check=False)
    if probe.returncode != 0:
        return probe.stderr.strip()
    os.environ[mark] = here
    return os.execvp(inside[0], [*inside, sys.executable, *sys.argv])


def enter_or_skip(mark, what, *options):
    """Likewise; where that cannot be, the cases of `what` are skipped, and this program ends."""
    reason = enter_namespaces(mark, *options)
    if reason is not None:
        needs = "namespaces" if options else "root and namespaces"  # of users make root of anybody
        skip_all(what, f"needs {needs}: {reason}")


class Udevd:
    """Sends what udevd would send."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)
        self.numbers = itertools.count(1)
        self.hashes = {}

    def hash(self, text):
        if text not in self.hashes:
            self.hashes[text] = murmur2(text) if text else 0
        return self.hashes[text]

    def send(self, action, path, subsystem="pci", devtype=None, **properties):
        """`path` is the device's folder, or a path below /devices."""
        properties = {"UDEV_DATABASE_VERSION": "1", "ACTION": action, "DEVPATH": path[len(SYS):] if path.startswith(SYS) else path,
                      "SUBSYSTEM": subsystem, "SEQNUM": str(next(self.numbers)), **properties}
        if devtype:
            properties["DEVTYPE"] = devtype
        body = b"".join(f"{key}={value}".encode() + b"\0" for key, value in properties.items())
        header = b"libudev\0" + struct.pack(">I", 0xFEEDCAFE) + struct.pack("=III", 40, 40, len(body))
        header += struct.pack(">IIII", self.hash(subsystem), self.hash(devtype), 0, 0)
        self.socket.sendto(header + body, (0, UDEV_GROUP))


def write(path, text):
    with open(path, "w", encoding="ascii") as stream:
        stream.write(text)


def slot_name(number):
    """32 devices of one function on each of 256 buses of each domain."""
    return f"{number >> 13:04x}:{number >> 5 & 0xff:02x}:{number & 0x1f:02x}.0"


class Machine:
    """The tree; as in sysfs a folder is there before the link on its bus, and after it."""

    def __init__(self):
        subprocess.run(["mount", "-t", "tmpfs", "none", SYS], check=True)
        for folder in ("bus/pci/devices", "bus/usb/devices", "bus/pci/drivers/nvme",
                       "bus/pci/drivers/vfio-pci", "removed"):
            os.makedirs(f"{SYS}/{folder}")
        os.makedirs(ROOT)
        self.removals = itertools.count()
        self.udevd = Udevd()

    def add(self, slot, vendor=0x8086, device=0x1521, revision=1, driver=None):
        folder = f"{ROOT}/{slot}"
        os.mkdir(folder)
        for name, value in (("uevent", ""), ("vendor", f"0x{vendor:04x}\n"), ("device", f"0x{device:04x}\n"),
                            ("class", "0x020000\n"), ("revision", f"0x{revision:02x}\n"),
                            ("numa_node", "-1\n"), ("subsystem_vendor", "0x8086\n"),
                            ("subsystem_device", "0x0001\n")):
            write(f"{folder}/{name}", value)
        if driver:
            self.bind(slot, driver)
        os.symlink(f"../../../devices/pci0000:00/{slot}", f"{SYS}/bus/pci/devices/{slot}")

    def bind(self, slot, driver):
        os.symlink(f"../../../bus/pci/drivers/{driver}", f"{ROOT}/{slot}/driver")

    def unbind(self, slot):
        os.unlink(f"{ROOT}/{slot}/driver")

    def remove(self, slot):
        """Like the kernel: not to be found at once; freed when whoever has it open lets go."""
        grave = f"{SYS}/removed/{next(self.removals)}"
        os.unlink(f"{SYS}/bus/pci/devices/{slot}")
        os.rename(f"{ROOT}/{slot}", grave)
        shutil.rmtree(grave)

    def add_usb(self, name, above=None, **attributes):
        """A USB device with `busnum`, ids and such; returns its folder."""
        folder = f"{above or ROOT}/{name}"
        os.mkdir(folder)
        for key, value in {"uevent": "", "busnum": "1", "devnum": "2", "idVendor": "046d", "idProduct": "c52b",
                           "version": " 2.00", "speed": "480", "bDeviceClass": "00",
                           **attributes}.items():
            write(f"{folder}/{key}", f"{value}\n")
        os.symlink(os.path.relpath(folder, f"{SYS}/bus/usb/devices"),
                   f"{SYS}/bus/usb/devices/{name}")
        return folder

    def clear(self):
        for bus in ("pci", "usb"):
            for name in os.listdir(f"{SYS}/bus/{bus}/devices"):
                os.unlink(f"{SYS}/bus/{bus}/devices/{name}")
        shutil.rmtree(ROOT)
        os.mkdir(ROOT)

    def slots(self):
        return sorted(os.listdir(f"{SYS}/bus/pci/devices"))

    def tell(self, action, slot, **properties):
        self.udevd.send(action, f"{ROOT}/{slot}", **properties)
