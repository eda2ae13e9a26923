# SPDX-License-Identifier: GPL-2.0-or-later
"""What a look finds: late, torn, replaced, and changed by a driver."""
import ctypes
import itertools
import os
import shutil
import signal
import threading
import time

from rig import (IDS, REPEATS, ROOT, SYS, build_shim, counters, drain, expect_nothing_lost, expect_right, fill,
                 slot_name, wait_until, watched, write)


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
    fill(machine, 5)
    slot = slot_name(2)
    os.rename(f"{ROOT}/{slot}/vendor", f"{ROOT}/{slot}/later")
    completion = threading.Timer(0.2, os.rename, (f"{ROOT}/{slot}/later", f"{ROOT}/{slot}/vendor"))
    completion.start()
    with watched() as (running, subscriber):
        completion.join()
        assert subscriber.model() == running.devices() and len(running.devices()) == 5
        assert subscriber.types() == []


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
    trigger = f"/dev/shm/hostdevd-interrupt-{os.getpid()}"
    environment = {"LD_PRELOAD": build_shim("interrupted_read"), "INTERRUPTED_READ": trigger}
    with watched(environment=environment) as (running, subscriber):
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


def shows_driver(running, slot, driver):
    wait_until(lambda: running.devices()[f"pci:{slot}"].get("bound") == driver,
               f"the driver is not {driver}")


def refused_by_its_driver(machine):
    """row 5: a driver's link that goes again without an event, as after a probe that failed"""
    fill(machine, 5)
    slot = slot_name(2)
    with watched() as (running, subscriber):
        machine.bind(slot, "nvme")
        machine.tell("change", slot)
        shows_driver(running, slot, "nvme")
        before = counters(running)["looks"]
        machine.tell("change", slot)  # says nothing of the driver
        wait_until(lambda: counters(running)["looks"] > before, "no look")
        machine.unbind(slot)
        shows_driver(running, slot, None)
        expect_right(running, subscriber)


def refused_late(machine):
    """row 5: the same, of a driver that tries for longer than the first look waits"""
    fill(machine, 5)
    slot = slot_name(2)
    with watched() as (running, subscriber):
        before = counters(running)["looks"]
        machine.bind(slot, "nvme")
        machine.tell("change", slot)
        wait_until(lambda: counters(running)["looks"] >= before + 2, "it is not looked at again")
        machine.unbind(slot)
        shows_driver(running, slot, None)
        expect_right(running, subscriber)


def refused_after_another(machine):
    """row 5: the same, where the events of the driver before are read only then"""
    fill(machine, 5)
    slot = slot_name(2)
    machine.bind(slot, "nvme")
    with watched() as (running, subscriber):
        machine.unbind(slot)
        machine.bind(slot, "igb")  # tries it
        machine.tell("bind", slot)
        machine.tell("unbind", slot)
        shows_driver(running, slot, "igb")
        machine.unbind(slot)
        shows_driver(running, slot, None)
        expect_right(running, subscriber)


def refused_at_start(machine):
    """row 5: the same, of a driver that was trying a device when the daemon started"""
    fill(machine, 5)
    slot = slot_name(2)
    machine.bind(slot, "nvme")
    with watched() as (running, subscriber):
        shows_driver(running, slot, "nvme")
        machine.unbind(slot)
        shows_driver(running, slot, None)
        expect_right(running, subscriber)


def bound_for_good(machine):
    """row 5: a driver that `bind` told of is not looked at again"""
    fill(machine, 5)
    slot = slot_name(2)
    with watched() as (running, _):
        before = counters(running)["looks"]
        machine.bind(slot, "nvme")
        machine.tell("bind", slot)
        shows_driver(running, slot, "nvme")
        assert counters(running)["looks"] == before + 1
        time.sleep(0.5)  # the first of the looks that there shall not be is due after 0.16 s
        assert counters(running)["looks"] == before + 1


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


def driver_changes(machine):
    """row 11: bind and unbind change what hangs on the driver, and nothing else"""
    fill(machine, 5)
    slot = slot_name(1)
    with watched() as (running, subscriber):
        machine.bind(slot, "nvme")
        machine.tell("bind", slot)
        wait_until(lambda: subscriber.model()[f"pci:{slot}"].get("group") == "bound", "not seen")
        machine.unbind(slot)
        machine.tell("unbind", slot)
        expect_right(running, subscriber)
        changed = [sorted(event["changed"]) for event in subscriber.events if "changed" in event]
        assert all(set(names) <= {"bound", "pci.driver", "state", "rule"} for names in changed), \
            changed
        assert subscriber.types().count("device.changed") == 2


def link(folder, name, target):
    os.symlink(target, f"{folder}/{name}")


def add_vgpus(folder):
    os.makedirs(f"{folder}/mdev_supported_types/nvidia-63")
    write(f"{folder}/mdev_supported_types/nvidia-63/name", "GRID T4-1Q\n")


# What else may change with a driver: how, and what is shown of the function afterwards.
WITH_A_DRIVER = [
    ("a group made at the first bind", lambda at: link(at, "iommu_group", "../../g/7"),
     {"iommu_group": "7"}),
    ("another group", lambda at: (os.unlink(f"{at}/iommu_group"),
                                  link(at, "iommu_group", "../../g/8")), {"iommu_group": "8"}),
    ("no group any more", lambda at: os.unlink(f"{at}/iommu_group"), {"iommu_group": None}),
    ("a node where there was none", lambda at: write(f"{at}/numa_node", "1\n"),
     {"numa_node": "1"}),
    ("possible VFs", lambda at: write(f"{at}/sriov_totalvfs", "7\n"), {"function": "physical"}),
    ("no VFs by this driver", lambda at: write(f"{at}/sriov_totalvfs", "0\n"),
     {"function": "plain"}),
    ("vGPU types", add_vgpus, {"vgpus": 1}),
    ("vGPU types gone", lambda at: shutil.rmtree(f"{at}/mdev_supported_types"), {"vgpus": 0}),
    ("a revision that could not be read before", lambda at: os.rename(
        f"{at}/later", f"{at}/revision"), {"revision": "01"}),
]


def changes_with_a_driver(machine):
    """row 11: what a driver may change is read with its bind or unbind, whatever else is kept"""
    fill(machine, 5)
    slot, bridge = slot_name(1), slot_name(2)
    folder = f"{ROOT}/{bridge}/{slot}"
    os.rename(f"{ROOT}/{slot}", folder)
    os.unlink(f"{SYS}/bus/pci/devices/{slot}")
    link(f"{SYS}/bus/pci/devices", slot, f"../../../devices/pci0000:00/{bridge}/{slot}")
    os.rename(f"{folder}/revision", f"{folder}/later")
    with watched() as (running, subscriber):
        for number, (what, change, wanted) in enumerate(WITH_A_DRIVER):
            bound = number % 2 == 0
            change(folder)
            if bound:
                link(folder, "driver", "../../../../bus/pci/drivers/nvme")
            else:
                os.unlink(f"{folder}/driver")
            machine.udevd.send("bind" if bound else "unbind", folder)
            expect_right(running, subscriber)
            devices = running.devices()
            fields = devices[f"pci:{slot}"]["fields"]["pci"]
            shown = dict(fields, vgpus=sum(name.startswith("vgpu:") for name in devices))
            assert fields["driver"] == ("nvme" if bound else ""), what
            assert devices[f"pci:{slot}"]["parent"] == f"pci:{bridge}", what
            assert {key: shown.get(key) for key in wanted} == wanted, (what, shown)


def registers_stay(machine):
    """row 11: what no driver changes is not read at its bind, but at whatever else comes"""
    fill(machine, 5)
    slot = slot_name(1)
    revisions = (f"{number:02x}" for number in itertools.count(0x10))

    def revision(tell):
        """What is shown after the revision was written anew and `tell` told something."""
        wanted = next(revisions)
        write(f"{ROOT}/{slot}/revision", f"0x{wanted}\n")
        running.process.send_signal(signal.SIGSTOP)  # so that all of it is one look
        tell()
        running.process.send_signal(signal.SIGCONT)
        drain(running)
        return running.devices()[f"pci:{slot}"]["fields"]["pci"]["revision"] == wanted

    def tell(*actions):
        return lambda: [machine.tell(action, slot) for action in actions]

    with watched() as (running, subscriber):
        for actions, read in ((["bind"], False), (["unbind"], False), (["bind", "unbind"], False),
                              (["change"], True), (["add"], True), (["remove"], True),
                              (["bind", "change"], True), (["change", "bind"], True)):
            assert revision(tell(*actions)) == read, actions
        assert revision(lambda: (machine.tell("bind", slot), machine.tell("fly", slot)))
        expect_right(running, subscriber)


def bind_of_another(machine):
    """row 8: another device that is told by a bind only is read wholly"""
    fill(machine, 5)
    slot = slot_name(1)
    with watched() as (running, subscriber):
        machine.remove(slot)
        machine.add(slot, *IDS[0], revision=9, driver="nvme")
        machine.tell("bind", slot)
        expect_right(running, subscriber)
        assert subscriber.types() == ["device.removed", "device.added", "group.joined"]
        machine.add(slot_name(6), *IDS[0])
        machine.tell("bind", slot_name(6))
        expect_right(running, subscriber)
        assert subscriber.types() == ["device.added", "group.joined"]


def bind_after_incomplete(machine):
    """row 5: after looks that failed, a bind reads everything"""
    fill(machine, 5)
    slot = slot_name(1)
    with watched() as (running, subscriber):
        os.rename(f"{ROOT}/{slot}/vendor", f"{ROOT}/{slot}/later")
        machine.tell("change", slot)
        wait_until(lambda: counters(running)["incomplete_looks"] == 5, "it is not given up")
        write(f"{ROOT}/{slot}/revision", "0x77\n")
        os.rename(f"{ROOT}/{slot}/later", f"{ROOT}/{slot}/vendor")
        machine.bind(slot, "nvme")
        machine.tell("bind", slot)
        expect_right(running, subscriber)
        assert running.devices()[f"pci:{slot}"]["fields"]["pci"]["revision"] == "77"
        write(f"{ROOT}/{slot}/revision", "0x78\n")
        machine.tell("bind", slot)
        drain(running)  # and that is over then
        assert running.devices()[f"pci:{slot}"]["fields"]["pci"]["revision"] == "77"
        expect_nothing_lost(running)


def bind_of_a_virtual_function(machine):
    """row 11: a VF keeps what it has of its PF when its driver comes and goes, and follows the PF"""
    fill(machine, 5)
    physical, virtual = slot_name(5), slot_name(6)
    machine.add(physical, *IDS[0])
    write(f"{ROOT}/{physical}/sriov_totalvfs", "7\n")
    os.makedirs(f"{ROOT}/{physical}/net/eth0")
    with watched() as (running, subscriber):
        machine.tell("add", physical)
        machine.add(virtual, *IDS[0])
        machine.tell("add", virtual)  # its links are not there yet
        wait_until(lambda: f"pci:{virtual}" in subscriber.model(), "not seen")
        link(f"{ROOT}/{physical}", "virtfn0", f"../{virtual}")
        link(f"{ROOT}/{virtual}", "physfn", f"../{physical}")
        machine.tell("change", virtual)
        expect_right(running, subscriber)
        machine.bind(virtual, "vfio-pci")
        machine.tell("bind", virtual)
        expect_right(running, subscriber)
        shown = running.devices()[f"pci:{virtual}"]
        assert shown["parent"] == f"pci:{physical}" and "sriov-nic" in shown["kinds"], shown
        assert shown["fields"]["sriov-nic"]["pf_name"] == "eth0", shown
        os.rename(f"{ROOT}/{physical}/net/eth0", f"{ROOT}/{physical}/net/p1")
        machine.udevd.send("move", f"{ROOT}/{physical}/net/p1", "net",
                           DEVPATH_OLD=f"/devices/pci0000:00/{physical}/net/eth0")
        machine.unbind(virtual)
        machine.tell("unbind", virtual)
        expect_right(running, subscriber)


def bind_after_late_links(machine):
    """row 5: a VF whose links and slot came after it was looked at has them at its bind"""
    fill(machine, 5)
    physical, virtual = slot_name(5), slot_name(6)
    machine.add(physical, *IDS[0])
    machine.add(virtual, *IDS[0])
    with watched() as (running, subscriber):
        link(f"{ROOT}/{physical}", "virtfn0", f"../{virtual}")
        link(f"{ROOT}/{virtual}", "physfn", f"../{physical}")
        machine.bind(virtual, "vfio-pci")
        machine.tell("bind", virtual)
        wait_until(lambda: "sriov-nic" in running.devices()[f"pci:{virtual}"]["kinds"], "no VF")
        expect_right(running, subscriber)
        assert running.devices()[f"pci:{virtual}"]["parent"] == f"pci:{physical}"
        os.makedirs(f"{SYS}/bus/pci/slots/4")
        write(f"{SYS}/bus/pci/slots/4/address", f"{physical[:-2]}\n")
        machine.unbind(virtual)
        machine.tell("unbind", virtual)
        try:
            expect_right(running, subscriber)
        finally:
            shutil.rmtree(f"{SYS}/bus/pci/slots")
        shown = running.devices()[f"pci:{virtual}"]["fields"]["sriov-nic"]
        assert shown["physical_slot"] == "4", shown


def vgpus_of_a_board(machine):
    """row 11: when a VF stops making vGPUs, its siblings' types are read, of which no event tells"""
    fill(machine, 1)
    physical, first, second = (slot_name(number) for number in (5, 6, 7))
    machine.add(physical, *IDS[1])
    write(f"{ROOT}/{physical}/sriov_totalvfs", "2\n")
    for number, slot in enumerate((first, second)):
        machine.add(slot, *IDS[1], driver="nvme")
        link(f"{ROOT}/{physical}", f"virtfn{number}", f"../{slot}")
        link(f"{ROOT}/{slot}", "physfn", f"../{physical}")
        os.mkdir(f"{ROOT}/{slot}/nvidia")
    types = f"{ROOT}/{first}/nvidia/creatable_vgpu_types"
    write(f"{ROOT}/{second}/nvidia/creatable_vgpu_types", "558 : A40-8Q\n")
    write(types, "")  # the board is full
    with watched() as (running, subscriber):
        write(types, "558 : A40-8Q\n559 : A40-4Q\n")
        machine.unbind(second)
        shutil.rmtree(f"{ROOT}/{second}/nvidia")
        machine.tell("unbind", second)
        expect_right(running, subscriber)
        assert f"vgpu:{first}/559" in running.devices()
        write(types, "559 : A40-4Q\n")
        os.mkdir(f"{ROOT}/{second}/nvidia")
        write(f"{ROOT}/{second}/nvidia/creatable_vgpu_types", "559 : A40-4Q\n")
        machine.bind(second, "nvme")
        machine.tell("bind", second)
        expect_right(running, subscriber)
        assert f"vgpu:{first}/558" not in running.devices()


CASES = [late_attributes, incomplete_while_events_come, incomplete_at_start,
         unreadable_for_a_moment, interrupted, going, refused_by_its_driver, refused_late, refused_after_another,
         refused_at_start, bound_for_good, late_serial, child_first, torn, scan_fails, other_device,
         driver_changes, changes_with_a_driver, registers_stay, bind_of_another,
         bind_after_incomplete, bind_after_late_links, bind_of_a_virtual_function,
         vgpus_of_a_board]
