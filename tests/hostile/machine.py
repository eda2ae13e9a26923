# SPDX-License-Identifier: GPL-2.0-or-later
"""A mocked machine out of Python values, and the real daemon on it."""
import contextlib
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from hostdevd import TOP, Daemon, Skip  # noqa: E402

RECORDED_USB = f"{TOP}/tests/umockdev/usb.umockdev"
ROOT = "/devices/pci0000:00"
IDS = {"vendor": b"0x8086\n", "device": b"0x10c9\n", "class": b"0x020000\n"}  # of a function


def block(path, subsystem, attributes, links=(), more=()):
    """A device in umockdev's format; attributes are bytes."""
    lines = [f"P: {path}", *more, f"E: SUBSYSTEM={subsystem}"]
    for name, value in attributes.items():
        lines.append(f"H: {name}={value.hex().upper()}")
    lines += [f"L: {name}={target}" for name, target in dict(links).items()]
    return "\n".join(lines) + "\n"


def pci(path, links=(), **attributes):
    return block(f"{ROOT}/{path}", "pci", {**IDS, **attributes}, links)


def descriptors(vendor, product):
    """What sysfs' `descriptors` has of a device with one configuration, which libusb reads."""
    return (bytes([18, 1, 0, 2, 0, 0, 0, 64]) + vendor.to_bytes(2, "little") +
            product.to_bytes(2, "little") + bytes([0, 1, 1, 2, 3, 1]) +
            bytes([9, 2, 9, 0, 0, 1, 0, 0x80, 50]))


def usb(path, number, vendor_id=0x46f4, model_id=1, **attributes):
    """A USB device whose path begins with usb1/."""
    values = {"busnum": b"1\n", "devnum": b"%d\n" % number, "idVendor": b"%04x\n" % vendor_id,
              "idProduct": b"%04x\n" % model_id, "bConfigurationValue": b"1\n",
              "speed": b"480\n", "descriptors": descriptors(vendor_id, model_id)}
    node = f"bus/usb/001/{number:03}"  # libusb lists no device without one
    return block(f"{ROOT}/0000:00:05.0/{path}", "usb", {**values, **attributes}, (),
                 [f"N: {node}", f"E: DEVNAME=/dev/{node}", "E: DEVTYPE=usb_device"])


@contextlib.contextmanager
def machine(blocks, rules="", **more):
    """The daemon where these devices are all there are."""
    if not shutil.which("umockdev-run"):
        raise Skip("umockdev is not installed")
    text = blocks if isinstance(blocks, str) else "\n".join(blocks)
    with tempfile.NamedTemporaryFile("w", suffix=".umockdev", dir="/dev/shm") as recording:
        recording.write(text)
        recording.flush()
        daemon = Daemon(rules, "--monitor", "kernel",
                        wrapper=("umockdev-run", "-d", recording.name, "--"),
                        environment={"TMPDIR": "/dev/shm"}, **more)
        try:
            yield daemon
        finally:
            daemon.close()
