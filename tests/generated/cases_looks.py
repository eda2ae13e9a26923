# SPDX-License-Identifier: GPL-2.0-or-later
"""What a look finds: late, torn, replaced."""
import ctypes
import itertools
import os
import signal
import threading

from rig import (IDS, REPEATS, ROOT, SYS, build_shim, counters, drain, expect_nothing_lost,
                 expect_right, fill, slot_name, trigger_file, wait_until, watched, write)


def late_attributes(machine):
    """row 5: a function without its ids is looked at again, without another event"""
    fill(machine, 5)
    slot = slot_name(7)
    with watched() as (running, subscriber):
        for _ in range(20):  # a machine so busy that all attempts pass is asked again
            before = counters(running)["incomplete_looks"]
            machine.add(slot)
            os.rename(f"{ROOT}/{slot}/vendor", f"{ROOT}/{slot}/later")
            machine.tell("change", slot)
            wait_until(lambda known=before: counters(running)["incomplete_looks"] > known, "no look")
            os.rename(f"{ROOT}/{slot}/later", f"{ROOT}/{slot}/vendor")
            if counters(running)["incomplete_looks"] - before < 4:
                break
            machine.remove(slot)
        expect_right(running, subscriber)
        assert "device.added" in subscriber.types()


def incomplete_while_events_come(machine):
    """row 5: looks for which events ask do not count as those that wait for the rest"""
    fill(machine, 5)
    slot = slot_name(7)
    with watched() as (running, subscriber):
        machine.add(slot)
        os.rename(f"{ROOT}/{slot}/vendor", f"{ROOT}/{slot}/later")
        for _ in range(5):
            before = counters(running)["incomplete_looks"]
            machine.tell("change", slot)
            wait_until(lambda known=before: counters(running)["incomplete_looks"] > known, "no look")
        os.rename(f"{ROOT}/{slot}/later", f"{ROOT}/{slot}/vendor")
        wait_until(lambda: f"pci:{slot}" in subscriber.model(), "it is lost")
        expect_right(running, subscriber)


def incomplete_at_start(machine):
    """row 18: a function that lacks its ids while the daemon starts is there when it listens"""
    slot = slot_name(2)
    for _ in range(20):  # a machine so busy that all attempts pass is asked again
        fill(machine, 5)
        os.rename(f"{ROOT}/{slot}/vendor", f"{ROOT}/{slot}/later")
        completion = threading.Timer(
            0.2, os.rename, (f"{ROOT}/{slot}/later", f"{ROOT}/{slot}/vendor"))
        completion.start()
        with watched() as (running, subscriber):
            completion.join()
            if counters(running)["incomplete_looks"] > 4:
                continue
            assert subscriber.model() == running.devices() and len(running.devices()) == 5
            assert subscriber.types() == []
            break
    else:
        raise AssertionError("it is given up each time")


def unreadable_for_a_moment(machine):
    """row 7: vGPU types that cannot be read now are read again, and not taken away"""
    fill(machine, 5)
    slot = slot_name(7)
    machine.add(slot, *IDS[1])
    types = f"{ROOT}/{slot}/nvidia/creatable_vgpu_types"
    os.mkdir(os.path.dirname(types))
    write(types, "558 : NVIDIA A40-8Q\n559 : NVIDIA A40-4Q\n")
    with watched() as (running, subscriber):
        os.mkdir(f"{types}-unreadable")
        before = counters(running)["looks"]
        exchange(types, f"{types}-unreadable")
        machine.tell("change", slot)
        wait_until(lambda: counters(running)["looks"] > before, "no look")
        exchange(types, f"{types}-unreadable")
        expect_right(running, subscriber)
        drain(running)
        assert subscriber.types() == []


def interrupted(machine):
    """row 7: an attribute whose reading a signal interrupts is read again"""
    fill(machine, 5)
    shim = {"LD_PRELOAD": build_shim("generated/interrupted_read")}
    with trigger_file() as trigger, \
            watched(environment={**shim, "INTERRUPTED_READ": trigger}) as (running, subscriber):
        write(trigger, "")
        folder = machine.add_usb("1-1", serial="S1")
        machine.udevd.send("add", folder, "usb", "usb_device")
        wait_until(lambda: not os.path.exists(trigger), "the serial is not read")
        wait_until(lambda: "usb:1-1" in subscriber.model(), "not added")
        expect_right(running, subscriber)
        assert subscriber.types() == ["device.added", "group.joined"]


def going(machine):
    """row 7: of a function that is being taken apart nothing is told but that it is gone"""
    fill(machine, 5)
    slot = slot_name(2)
    with watched() as (running, subscriber):
        before = counters(running)["incomplete_looks"]
        os.unlink(f"{ROOT}/{slot}/uevent")
        os.unlink(f"{ROOT}/{slot}/revision")
        machine.tell("unbind", slot)
        wait_until(lambda: counters(running)["incomplete_looks"] >= before + 5, "no looks")
        machine.remove(slot)
        machine.tell("remove", slot)
        expect_right(running, subscriber)
        assert subscriber.types() == ["device.removed"]


def late_serial(machine):
    """row 5: a USB serial that comes after `add` is read at the next event, and moves the stick"""
    fill(machine, 5)
    with watched() as (running, subscriber):
        folder = machine.add_usb("1-1")
        machine.udevd.send("add", folder, "usb", "usb_device")
        wait_until(lambda: "usb:1-1" in subscriber.model(), "not added")
        assert "group" not in subscriber.model()["usb:1-1"]
        write(f"{folder}/serial", "S1\n")
        machine.udevd.send("bind", folder, "usb", "usb_device")
        wait_until(lambda: subscriber.model()["usb:1-1"].get("group") == "sticks", "not moved")
        assert subscriber.types()[-2:] == ["device.changed", "group.joined"]
        expect_right(running, subscriber)


def child_first(machine):
    """row 6: a device behind a hub that is told before the hub"""
    fill(machine, 5)
    with watched() as (running, subscriber):
        hub = machine.add_usb("1-2", bDeviceClass="09")
        stick = machine.add_usb("1-2.1", above=hub)
        machine.udevd.send("add", stick, "usb", "usb_device")
        wait_until(lambda: "usb:1-2.1" in subscriber.model(), "not added")
        machine.udevd.send("add", hub, "usb", "usb_device")
        expect_right(running, subscriber)
        expect_nothing_lost(running)


def swap_for_ever(machine, slot):
    """A process in which one device after another, and at times none, has the path `slot`."""
    link = f"{SYS}/bus/pci/devices/{slot}"
    child = os.fork()
    if child:
        return child
    for number in itertools.count():
        target = (slot, "twin", None)[number % 3 if number % 10 == 0 else number % 2]
        if target:
            os.symlink(f"../../../devices/pci0000:00/{target}", f"{link}.new")
            os.rename(f"{link}.new", link)
        elif os.path.exists(link):
            os.unlink(link)
        for _ in range(number % 50):
            pass  # no two looks find it at the same point


def tell_often(machine, slot):
    for _ in range(1000):
        machine.tell("change", slot)
    return True


def torn(machine):
    """row 7: folders that vanish or are re-used while they are read are never mixed"""
    fill(machine, 5)
    slot = slot_name(9)
    machine.add(slot, *IDS[0], revision=0)
    os.rename(f"{ROOT}/{slot}", f"{ROOT}/twin")
    os.unlink(f"{SYS}/bus/pci/devices/{slot}")
    machine.add(slot, *IDS[1], revision=1)
    revisions = {f"{vendor:04x}:{device:04x}": f"{number:02x}"
                 for number, (vendor, device) in enumerate(IDS)}
    with watched() as (running, subscriber):
        child = swap_for_ever(machine, slot)
        try:
            wait_until(lambda: tell_often(machine, slot) and
                       subscriber.count("device.added") > 30 * REPEATS, "too little was seen")
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        machine.tell("change", slot)
        drain(running)
        if os.path.lexists(f"{SYS}/bus/pci/devices/{slot}.new"):
            os.unlink(f"{SYS}/bus/pci/devices/{slot}.new")
        expect_right(running, subscriber)
        told = [event["device"]["fields"]["pci"] for event in subscriber.events
                if "fields" in event.get("device", {}) and event["device"]["id"] == f"pci:{slot}"]
        for fields in told:
            assert fields["revision"] == revisions[fields["vendor_device"]], fields
        print(f"# {len(told)} of them told, {counters(running)['incomplete_looks']} looks torn")


def exchange(one, other):
    at, flag = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    done = ctypes.CDLL(None, use_errno=True).renameat2(at, one.encode(), at, other.encode(), flag)
    assert done == 0, os.strerror(ctypes.get_errno())


def scan_fails(machine):
    """row 7: a listing that fails removes nobody, is tried again, and only then is a resync"""
    fill(machine, 50)
    with watched() as (running, subscriber):
        # exchanged, for without it there would be no devices
        write(f"{SYS}/bus/pci/no folder", "")
        exchange(f"{SYS}/bus/pci/devices", f"{SYS}/bus/pci/no folder")
        try:
            machine.tell("fly", slot_name(3))
            wait_until(lambda: "cannot list devices" in running.read_log(), "it was listed")
            drain(running)
            assert subscriber.types() == []
            assert len(running.devices()) == 50
        finally:
            exchange(f"{SYS}/bus/pci/devices", f"{SYS}/bus/pci/no folder")
            os.unlink(f"{SYS}/bus/pci/no folder")
        machine.add(slot_name(60), *IDS[1])
        wait_until(lambda: counters(running)["resyncs"] == 1, "not tried again")
        expect_right(running, subscriber)
        assert subscriber.types() == ["device.added", "resync"]
        assert running.read_log().count("cannot list devices") == 1


def other_device(machine):
    """row 8: another device at the same path is a removal and an arrival, in this order"""
    fill(machine, 5)
    slot = slot_name(4)
    with watched() as (running, subscriber):
        running.process.send_signal(signal.SIGSTOP)  # so that both events are one look
        machine.remove(slot)
        machine.tell("remove", slot)
        machine.add(slot, *IDS[0], revision=9)
        machine.tell("add", slot)
        running.process.send_signal(signal.SIGCONT)
        wait_until(lambda: subscriber.model().get(f"pci:{slot}", {}).get("fields", {}).get(
            "pci", {}).get("revision") == "09", "not seen")
        drain(running)
        assert subscriber.types() == ["group.left", "device.removed", "device.added",
                                      "group.joined"]
        expect_right(running, subscriber)


CASES = [late_attributes, incomplete_while_events_come, incomplete_at_start,
         unreadable_for_a_moment, interrupted, going, late_serial, child_first, torn, scan_fails,
         other_device]
