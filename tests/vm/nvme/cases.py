# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual functions of an NVMe controller, few and many."""
from rig import write

PF = "/sys/bus/pci/devices/0000:01:00.0"


def set_vfs(count):
    # nobody gives them queues here: a driver would wait for each in vain
    write(f"{PF}/sriov_drivers_autoprobe", "0")
    write(f"{PF}/sriov_numvfs", str(count))


def restore(_):
    """After a case that failed."""
    set_vfs(0)


def few(rig):
    """sriov_numvfs 0 to 4 to 0"""
    set_vfs(4)
    rig.hear("four functions")
    device = rig.daemon.devices()["pci:0000:01:00.4"]
    assert device["kinds"] == ["pci"] and device["parent"] == "pci:0000:01:00.0", device
    assert device["fields"]["pci"]["vf_index"] == "3", device
    set_vfs(0)
    rig.hear("none of four")


def many(rig):
    """sriov_numvfs 0 to 127 to 0"""
    set_vfs(127)
    rig.hear("127 functions")
    set_vfs(0)
    rig.hear("none of 127")


def many_overrun(rig):
    """sriov_numvfs 0 to 127 to 0 with a receive buffer that holds a few of the events"""
    rig.start("--monitor", "kernel", config="receive_buffer = 4096;")
    set_vfs(127)
    set_vfs(0)
    set_vfs(4)
    rig.agree()
    overruns = rig.status()["counters"]["overruns"]
    events = rig.listen()
    print(f"# {overruns} overruns, {len(events)} events told")
    assert overruns >= 1
    assert {e["group"] for e in events if e["type"] == "group.joined"} == {"vfs"}, "torn"
    set_vfs(0)


CASES = [few, many, many_overrun]
