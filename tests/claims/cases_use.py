# SPDX-License-Identifier: GPL-2.0-or-later
"""Tenants and their VMs, releases, and the command line."""
import json

from place import Model, pci, place, program, wait_until


def thick():
    """what a tenant takes is gone for everyone else, used or not; its VMs are given from it"""
    with place(gpus=2) as running:
        grants = running.claim(tenant="blue", count=2)
        assert all("vm" not in one for one in grants)
        running.refused("NoDeviceAvailable", "Claim", group="gpus", vm="a")
        used = running.claim_one(tenant="blue", vm="a")
        assert (used["id"], used["vm"], used["vm_life"]) == (grants[0]["id"], "a", "explicit"), used
        running.refused("NoDeviceAvailable", "Claim", group="gpus", tenant="blue", vm="b", count=2)
        with running.waiter(tenant="blue", vm="b", count=2) as waiting:
            running.call("Unassign", instance=used["id"])
            assert {i["id"] for i in waiting.receive()["parameters"]["instances"]} == {
                one["id"] for one in grants}
        assert len(running.instances()) == 2
        assert {one["vm"] for one in running.instances(tenant="blue")} == {"b"}


def assign():
    """Assign gives a tenant's instance to a VM; the same again changes nothing, another is Busy"""
    with place(gpus=2) as running, Model(running.socket, snapshot=True) as watch:
        one = running.claim_one(tenant="blue")
        plain = running.claim_one(vm="v")
        used = running.call("Assign", instance=one["id"], vm="a")["instance"]
        assert running.call("Assign", instance=one["id"], vm="a")["instance"] == used
        busy = running.refused("Busy", "Assign", instance=one["id"], vm="b")
        assert busy["device"] == one["device"], busy
        running.refused("InvalidParameter", "Assign", instance=plain["id"], vm="a")
        running.refused("Busy", "Release", tenant="blue")
        running.refused("Busy", "Release", instance=one["id"])
        free = running.call("Unassign", instance=one["id"])["instance"]
        assert "vm" not in free and free["id"] == one["id"]
        assert running.release(tenant="blue") == [one["id"]]
        watch.follow(running)
        assert [t for t in watch.types() if t.startswith("instance.")] == [
            "instance.created", "instance.created", "instance.assigned", "instance.unassigned",
            "instance.released"]


def use_ends_alone():
    """the end of the VM's process ends its use; the device stays the tenant's until the grant ends"""
    with place(gpus=1) as running:
        with program() as host:
            one = running.claim_one(tenant="blue", pid=host.pid)
            with program() as guest:
                used = running.call("Assign", instance=one["id"], vm="a", pid=guest.pid)["instance"]
                assert (used["life"], used["pid"]) == ("process", host.pid)
                assert (used["vm_life"], used["vm_pid"]) == ("process", guest.pid)
            wait_until(lambda: "vm" not in running.instances()[0])
            running.refused("NoDeviceAvailable", "Claim", group="gpus", vm="x")
            running.call("Assign", instance=one["id"], vm="b")
        running.wait_for(0)


def release_targets():
    """Release by VM leaves a tenant's alone; by tenant and VM only ends the use; nothing is no error"""
    with place(gpus=4) as running:
        running.claim(vm="a", count=2)
        tenants = running.claim_one(tenant="t")
        running.call("Assign", instance=tenants["id"], vm="a")
        assert running.release(vm="a") == ["i-1", "i-2"]
        assert running.release(vm="a") == []
        assert running.release(tenant="t", vm="b") == []
        running.release(tenant="t", vm="a")
        assert "vm" not in running.instances()[0]
        assert running.release(tenant="t") == [tenants["id"]]
        assert running.release(tenant="nobody") == []
        assert running.instances() == []


def force():
    """force releases what a living process holds; the instance's number is not used again"""
    with place(gpus=1) as running, program() as process:
        one = running.claim_one(vm="v", pid=process.pid)
        busy = running.refused("Busy", "Release", instance=one["id"])
        assert busy["device"] == pci(1)
        assert running.release(instance=one["id"], force=True) == [one["id"]]
        assert running.claim_one(vm="w")["id"] == "i-2"
        process.kill()
        process.wait()
        assert running.call("Status")["status"]["counts"]["instances"] == 1


def command_line():
    """the commands do what the methods do, and say how it went by their exit status"""
    with place(gpus=2) as running:
        def run(*arguments, status=0):
            code, out, err = running.client(*arguments)
            assert code == status, (arguments, code, out, err)
            assert not status or err.startswith("hostdevctl: "), err
            return out

        assert run("claim", "gpus", "--vm", "a", "--format", "qemu") == \
            "vfio-pci,host=0000:01:00.0\n"
        assert run("claim", "gpus", "--tenant", "t", "--device", "02:00.0").split("\t")[0] == "i-2"
        run("claim", "gpus", "--vm", "b", status=4)
        run("claim", "nothing", "--vm", "b", status=3)
        run("claim", "gpus", "--vm", "b", "--wait", "0.05", status=7)
        rows = [line.split("\t") for line in run("instances").splitlines()]
        assert [row[:2] for row in rows] == [["i-1", pci(1)], ["i-2", pci(2)]], rows
        assert json.loads(run("instances", "-j"))["instances"] == running.instances()
        run("assign", "02:00.0", "--vm", "c")
        run("assign", "i-2", "--vm", "d", status=4)
        run("release", "--tenant", "t", status=4)
        run("unassign", "pci_0000_02_00_0")
        with program() as process:
            run("bind", "01:00.0", "--pid", str(process.pid))
            assert running.instances()[0]["pid"] == process.pid
            run("release", "i-1", status=4)
            run("release", "i-1", "--force")
        run("release", "i-1", status=3)
        run("release", "--tenant", "t")
        assert running.instances() == []
        assert run("release", "--tenant", "t") == ""
        assert "storage" in run("accept-loss")
        run("groups", "gpus")


CASES = [thick, assign, use_ends_alone, release_targets, force, command_line]
