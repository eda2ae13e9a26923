# SPDX-License-Identifier: GPL-2.0-or-later
"""What comes and goes with a driver, and drivers that come and go."""
import itertools
import os
import shutil
import signal
import time

from rig import (IDS, ROOT, SYS, counters, drain, expect_nothing_lost, expect_right, fill,
                 slot_name, wait_until, watched, write)


def shows_driver(running, slot, driver):
    wait_until(lambda: running.devices()[f"pci:{slot}"].get("bound") == driver,
               f"the driver is not {driver}")


def refuse(machine, slot, running, subscriber):
    """Takes the driver's link away, of which no event tells."""
    machine.unbind(slot)
    shows_driver(running, slot, None)
    expect_right(running, subscriber)


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
        refuse(machine, slot, running, subscriber)


def refused_late(machine):
    """row 5: the same, of a driver that tries for longer than the first look waits"""
    fill(machine, 5)
    slot = slot_name(2)
    with watched() as (running, subscriber):
        before = counters(running)["looks"]
        machine.bind(slot, "nvme")
        machine.tell("change", slot)
        wait_until(lambda: counters(running)["looks"] >= before + 2, "it is not looked at again")
        refuse(machine, slot, running, subscriber)


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
        refuse(machine, slot, running, subscriber)


def refused_at_start(machine):
    """row 5: the same, of a driver that was trying a device when the daemon started"""
    fill(machine, 5)
    slot = slot_name(2)
    machine.bind(slot, "nvme")
    with watched() as (running, subscriber):
        shows_driver(running, slot, "nvme")
        refuse(machine, slot, running, subscriber)


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


def never_readable(slot):
    """vGPU types that are there and cannot be read."""
    os.makedirs(f"{ROOT}/{slot}/nvidia/creatable_vgpu_types")


def trial_of_unreadable(machine):
    """row 5: looks at a driver end, also where something of its device can never be read"""
    fill(machine, 5)
    slot = slot_name(1)
    never_readable(slot)
    with watched() as (running, _):
        machine.bind(slot, "nvme")
        machine.tell("change", slot)
        shows_driver(running, slot, "nvme")

        def rests():
            before = counters(running)["looks"]
            time.sleep(3)  # less than the longest waits between such looks, more than one takes
            return counters(running)["looks"] == before
        wait_until(rests, "it never comes to rest")


def unreadable_in_a_storm(machine):
    """row 12: what can never be read keeps no device away, however many events come"""
    fill(machine, 5)
    slot = slot_name(1)
    with watched() as (running, subscriber):
        machine.remove(slot)
        machine.add(slot, *IDS[1])
        never_readable(slot)

        def tell():
            machine.tell("change", slot)
            time.sleep(0.1)
            return any(event["type"] == "device.added" for event in subscriber.news())
        wait_until(tell, "it is never there")


CASES = [trial_of_unreadable, unreadable_in_a_storm, refused_by_its_driver, refused_late, refused_after_another, refused_at_start,
         bound_for_good, driver_changes, changes_with_a_driver, registers_stay, bind_of_another,
         bind_after_incomplete, bind_after_late_links, bind_of_a_virtual_function, vgpus_of_a_board]
