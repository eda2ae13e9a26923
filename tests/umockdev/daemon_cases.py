#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The real daemon on a mocked machine, through its socket. Run by `run`, which builds `machine`."""
import contextlib
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from hostdevd import BUILD, DEADLINE, TOP, Daemon, counters, run_cases, wait_until  # noqa: E402

L40S = "/sys/devices/pci0000:c0/0000:c0:00.0"
A40 = "/sys/devices/pci0000:40/0000:40:00.0"
T4 = "/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.0"
IGB = "/sys/devices/pci0000:00/0000:00:03.0"
RULES = """
groups = (
    { name = "q"; kind = "vgpu"; },
    { name = "boards"; kind = "pci"; },
    { name = "slot3"; kind = "sriov-nic"; vf = { vlan = 7; trust = true; }; }
);
rules = (
    { name = "slot3"; group = "slot3"; match = ( ("physical_slot", "eq", "3") ); },
    { name = "cards"; group = "boards";
      match = ( ("any", ("class_hex", "eq", "03"), ("class_hex", "eq", "02")) ); },
    { name = "1q"; group = "q"; match = ( ("name", "ew", "-1Q") ); }
);
"""


class Machine:
    """Mocked devices that a test changes while a daemon looks at them."""

    def __init__(self, *recordings):
        program = os.path.join(os.path.abspath(BUILD), "tests/umockdev/machine")
        self.process = subprocess.Popen(
            ["umockdev-wrapper", program, *(os.path.join(HERE, name) for name in recordings)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.root = self.process.stdout.readline().strip()

    def say(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def slot(self, name, address):
        folder = f"{self.root}/sys/bus/pci/slots/{name}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/address", "w", encoding="utf-8") as file:
            file.write(address + "\n")

    def close(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE)
        self.process.stdout.close()


@contextlib.contextmanager
def daemon_on(*recordings, slots=()):
    """A machine, the daemon on it, and a subscriber that has its snapshot."""
    machine = Machine(*recordings)
    try:
        for slot in slots:
            machine.slot(*slot)
        daemon = Daemon(RULES, "--monitor", "udev", wrapper=("umockdev-wrapper",),
                        environment={"UMOCKDEV_DIR": machine.root})
        try:
            watch = daemon.watch(snapshot=True)
            yield machine, daemon, watch
            watch.close()
        finally:
            daemon.close()
    finally:
        machine.close()


def told(events):
    """[(type, id)] of events about devices, resorted: the order of devices is nobody's promise."""
    return sorted((event["type"], event["device"]["id"]) for event in events)


def hear(watch, wanted):
    """What must be told is waited for; what must not be, for a while."""
    heard = [watch.next() for _ in wanted]
    heard = told(heard + watch.quiet(0.5))
    assert heard == wanted, heard


def check_model(daemon, watch):
    """Applying the events to the snapshot gives what a list says."""
    listed = daemon.call("ListDevices")
    watch.catch_up(listed["seq"])
    assert watch.devices == {one["id"]: one for one in listed["devices"]}, (watch.devices, listed)


def count_looks(daemon):
    return daemon.call("Status")["status"]["counters"]["looks"]


def vgpus(daemon, function):
    return [name for name in daemon.devices() if name.startswith(f"vgpu:{function}/")]


def a_nic_vf():
    """a NIC VF is one device of two kinds; the first rule of either decides"""
    with daemon_on("igb.umockdev", slots=[("3", "0000:01:00")]) as (_, daemon, _watch):
        devices = daemon.devices()
        vf = devices["pci:0000:01:10.2"]
        assert vf["kinds"] == ["pci", "sriov-nic"], vf
        assert (vf["group"], vf["rule"]) == ("slot3", "slot3"), vf
        assert vf["fields"]["sriov-nic"]["physical_slot"] == "3", vf
        assert "class_hex" not in vf["fields"]["sriov-nic"], vf
        for field in ("name", "slot", "vendor", "device", "vendor_device", "driver",
                      "physical_function", "vf_index", "pf_name", "iommu_group"):
            assert vf["fields"]["sriov-nic"][field] == vf["fields"]["pci"][field], field
        assert devices["pci:0000:01:00.0"]["kinds"] == ["pci"]
        assert devices["pci:0000:01:00.0"]["group"] == "boards"
        listed = daemon.call("ListDevices", kind="sriov-nic")["devices"]
        assert len(listed) == 7 and all("sriov-nic" in device["kinds"] for device in listed)
        explained = daemon.call("Explain", device="pci:0000:01:10.2")["verdicts"]
        assert [verdict["rule"] for verdict in explained] == ["slot3", "cards"], explained


def a_slot_that_changes():
    """a card in another slot: its VFs move when they are looked at"""
    with daemon_on("igb.umockdev", slots=[("4", "0000:01:00")]) as (machine, daemon, watch):
        assert daemon.devices()["pci:0000:01:10.2"]["group"] == "boards"
        os.rename(f"{machine.root}/sys/bus/pci/slots/4", f"{machine.root}/sys/bus/pci/slots/3")
        machine.say("event", f"{IGB}/0000:01:00.0", "change")  # a PF's look is its VFs' look
        watch.wait("group.joined", id="pci:0000:01:11.4", group="slot3")
        watch.quiet()
        assert len(daemon.call("ListDevices", group="slot3")["devices"]) == 7
        check_model(daemon, watch)


def physfn_later():
    """a VF whose physfn link comes after its add event becomes of two kinds"""
    with daemon_on("igb.umockdev") as (machine, daemon, watch):
        vf = f"{IGB}/0000:01:10.2"
        os.unlink(f"{machine.root}{vf}/physfn")
        machine.say("event", vf, "add")
        event = watch.wait("device.changed", id="pci:0000:01:10.2")
        assert event["device"]["kinds"] == ["pci"] and "kinds" in event["changed"], event
        machine.say("link", vf, "physfn", "../0000:01:00.0")
        machine.say("event", vf, "change")
        event = watch.wait("device.changed", id="pci:0000:01:10.2")
        assert event["device"]["kinds"] == ["pci", "sriov-nic"], event
        assert "kinds" in event["changed"] and "sriov-nic.vf_index" in event["changed"], event
        watch.quiet()
        check_model(daemon, watch)


def physfn_goes_first():
    """a VF whose physfn link goes before it does is a VF of its PF, unless it stays like that"""
    with daemon_on("igb.umockdev") as (machine, daemon, watch):
        vf = f"{IGB}/0000:01:10.2"
        with open(f"{machine.root}{vf}/sriov_vf_msix_count", "w", encoding="ascii"):
            pass
        os.unlink(f"{machine.root}{vf}/physfn")
        before = daemon.devices()["pci:0000:01:10.2"]
        looks = counters(daemon)["incomplete_looks"]
        machine.say("event", vf, "change")
        wait_until(lambda: counters(daemon)["incomplete_looks"] > looks, "no look")
        meanwhile = daemon.devices()["pci:0000:01:10.2"]
        # a machine may be so busy that the last of them is over
        assert meanwhile == before or counters(daemon)["incomplete_looks"] == looks + 4, meanwhile
        event = watch.wait("device.changed", id="pci:0000:01:10.2")
        assert counters(daemon)["incomplete_looks"] == looks + 4
        assert event["device"]["kinds"] == ["pci"], event
        assert event["device"]["fields"]["pci"]["function"] == "virtual", event
        watch.quiet()
        check_model(daemon, watch)


def a_candidate():
    """a vGPU candidate has its function's fields and its type's"""
    with daemon_on("nvidia-l40s.umockdev") as (_, daemon, _watch):
        device = daemon.devices()["vgpu:0000:c1:00.5/1149"]
        assert device["kinds"] == ["vgpu"] and device["name"] == "NVIDIA L40S-1Q", device
        assert (device["group"], device["rule"]) == ("q", "1q"), device
        assert device["parent"] == "pci:0000:c1:00.5", device
        fields = device["fields"]["vgpu"]
        assert fields["type_id"] == "1149" and fields["virtual_function"] == "1", fields
        assert fields["physical_function"] == "0000:c1:00.0", fields
        assert fields["vendor_device"] == "10de:26b9" and fields["iommu_group"] == "62", fields
        group = [g for g in daemon.call("ListGroups")["groups"] if g["name"] == "q"][0]
        assert group["devices"] == 2 and group["driver"] == "keep", group
        status, output, errors = daemon.client("devices", "vgpu:c1:00.5/1149")
        assert status == 0 and "NVIDIA L40S-1Q" in output, (status, output, errors)


def siblings_shrink():
    """types that shrink away on siblings, and return, are removed and added, without an event"""
    with daemon_on("nvidia-l40s.umockdev") as (machine, daemon, watch):
        taken = f"{L40S}/0000:c1:00.4"
        machine.say("set", taken, "nvidia/current_vgpu_type", "1149\\n")
        machine.say("set", taken, "nvidia/creatable_vgpu_types", "ID    : vGPU Name\\n")
        machine.say("set", f"{L40S}/0000:c1:00.5", "nvidia/creatable_vgpu_types",
                    "1149  : NVIDIA L40S-1Q\\n")
        machine.say("event", taken, "change")  # of this one alone
        hear(watch, [("device.removed", "vgpu:0000:c1:00.4/1145"),
                     ("device.removed", "vgpu:0000:c1:00.4/1149"),
                     ("device.removed", "vgpu:0000:c1:00.4/1156"),
                     ("device.removed", "vgpu:0000:c1:00.5/1145"),
                     ("device.removed", "vgpu:0000:c1:00.5/1156"),
                     ("group.left", "vgpu:0000:c1:00.4/1149")])
        check_model(daemon, watch)
        machine.say("set", f"{L40S}/0000:c1:00.5", "nvidia/creatable_vgpu_types",
                    "1149  : NVIDIA L40S-1Q\\n1156  : NVIDIA L40S-48Q\\n")
        machine.say("event", f"{L40S}/0000:c1:00.6", "change")
        hear(watch, [("device.added", "vgpu:0000:c1:00.5/1156")])
        check_model(daemon, watch)


def siblings_end():
    """looks at siblings come to an end"""
    with daemon_on("nvidia-l40s.umockdev") as (machine, daemon, _):
        before = count_looks(daemon)
        machine.say("event", f"{L40S}/0000:c1:00.4", "change")
        wait_until(lambda: count_looks(daemon) >= before + 4, "too few")
        time.sleep(0.3)
        assert count_looks(daemon) == before + 4, (before, count_looks(daemon))


def mediated_devices():
    """the event of a mediated device is a look at its function, and at the siblings of that"""
    with daemon_on("nvidia-a40.umockdev", "nvidia-t4.umockdev") as (machine, daemon, watch):
        made = f"{T4}/5a1b7a2e-9d0c-4c62-9a0e-1f4b4b1f7a11"
        kept = "mdev_supported_types/nvidia-234/"
        machine.say("set", T4, f"{kept}description", "max_instance=2\\n")
        machine.say("event", made, "add")
        hear(watch, [("device.added", "vgpu:0000:3b:00.0/234.2")])
        assert len(vgpus(daemon, "0000:41:00.5")) == 3
        for index in ("557", "558"):
            folder = f"{machine.root}{A40}/0000:41:00.5/mdev_supported_types/nvidia-{index}"
            os.rename(folder, f"{machine.root}/nvidia-{index}")
        machine.say("event", f"{A40}/0000:41:00.4", "bind")
        hear(watch, [("device.removed", "vgpu:0000:41:00.5/557"),
                     ("device.removed", "vgpu:0000:41:00.5/558"),
                     ("group.left", "vgpu:0000:41:00.5/557")])
        check_model(daemon, watch)


def a_function_goes():
    """a function takes its candidates with it"""
    with daemon_on("nvidia-l40s.umockdev") as (machine, daemon, watch):
        os.unlink(f"{machine.root}/sys/bus/pci/devices/0000:c1:00.5")
        machine.say("event", f"{L40S}/0000:c1:00.5", "remove")
        watch.wait("device.removed", id="pci:0000:c1:00.5")
        watch.quiet()
        assert not vgpus(daemon, "0000:c1:00.5") and len(vgpus(daemon, "0000:c1:00.4")) == 3
        check_model(daemon, watch)


def hostile_types():
    """a hostile list of types is a list of few, and the daemon goes on"""
    with daemon_on("nvidia-l40s.umockdev") as (machine, daemon, watch):
        taken = f"{L40S}/0000:c1:00.4"
        for content in ("x" * 4095, "0 : a\\n-5 : b\\n99999999999 : c\\n5 : \x1b\\n",
                        "\\n".join(f"{n}:" for n in range(1, 700)), "\\n" * 2000):
            machine.say("set", taken, "nvidia/creatable_vgpu_types", content)
            machine.say("event", taken, "change")
            watch.quiet()
            check_model(daemon, watch)
        assert not vgpus(daemon, "0000:c1:00.4")


def properties():
    """a candidate has the udev properties of its function, by a reload and by an event"""
    with daemon_on("nvidia-l40s.umockdev") as (machine, daemon, watch):
        candidate = "vgpu:0000:c1:00.4/1149"
        assert "udev.DRIVER" not in daemon.devices()[candidate]["fields"]["vgpu"]
        daemon.write_rules("""groups = ( { name = "v"; kind = "vgpu"; } );
            rules = ( { name = "bound"; group = "v"; match = ( ("udev.DRIVER", "eq", "nvidia") );
            } );""")
        daemon.call("Reload")
        fields = daemon.devices()[candidate]["fields"]["vgpu"]
        assert fields["udev.DRIVER"] == "nvidia", fields
        machine.say("set", f"{L40S}/0000:c1:00.5", "nvidia/creatable_vgpu_types", "7 : new\\n")
        machine.say("event", f"{L40S}/0000:c1:00.4", "change")
        watch.wait("group.joined", id="vgpu:0000:c1:00.5/7", group="v")
        watch.quiet()
        check_model(daemon, watch)


def example_rules():
    """the example rules sort NIC VFs, boards and profiles"""
    with daemon_on("igb.umockdev", "nvidia-a40.umockdev", "nvidia-t4.umockdev") as (_, daemon, _w):
        os.unlink(f"{daemon.rules}/50-test.conf")
        for name in os.listdir(f"{TOP}/rules.d"):
            with open(f"{TOP}/rules.d/{name}", encoding="utf-8") as stream:
                daemon.write_rules(stream.read(), name)
        assert daemon.call("Reload")["findings"] == []
        counts = {group["name"]: group["devices"] for group in daemon.call("ListGroups")["groups"]}
        assert counts["nic-vfs"] == 7 and counts["nics"] == 1, counts
        assert counts["gpus"] == 5, counts
        # three VFs with two Q profiles that fit and one that does not, T4's 16 + 4 + 1
        assert counts["vgpu-workstations"] == 9 + 21 and counts["vgpu-desktops"] == 16, counts


run_cases([a_nic_vf, a_slot_that_changes, physfn_later, physfn_goes_first, a_candidate, siblings_shrink,
           siblings_end, mediated_devices, a_function_goes, hostile_types, properties, example_rules])
