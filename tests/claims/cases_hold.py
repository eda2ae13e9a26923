# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a claim lasts: lives of processes and connections, tokens, generations, restarts."""
import contextlib
import os
import signal
import subprocess

from place import (NOBODY, Error, Model, as_user, holder, path_of, pci, place, plug, program,
                   pull, refused, wait_until)


def process_life():
    """a claim with a pid ends with that process, by exit or SIGKILL, and serves the queue (18)"""
    with place(gpus=1) as running:
        for how in (signal.SIGTERM, signal.SIGKILL):
            with program() as process:
                one = running.claim_one(vm="v", pid=process.pid)
                assert (one["life"], one["pid"]) == ("process", process.pid)
                with running.waiter(vm="next") as waiting:
                    process.send_signal(how)
                    assert waiting.receive()["parameters"]["instances"][0]["vm"] == "next"
            running.release(vm="next")


def no_such_process():
    """a pid that is nobody's, or a zombie's, is InvalidParameter"""
    with place(gpus=1) as running:
        with program("true") as process:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            for pid in (process.pid, 2 ** 31 - 1, 2 ** 40):
                error = running.refused("InvalidParameter", "Claim", group="gpus", vm="v", pid=pid)
                assert error["parameter"] == "pid", error
        assert running.instances() == []


def dies_at_once():
    """a process that ends while its claim is being written leaves nothing claimed (18)"""
    with place(gpus=1) as running:
        for _ in range(20):
            with program() as process, running.connect() as client:
                client.send("Claim", group="gpus", vm="v", pid=process.pid)
                process.kill()
                process.wait()
                try:
                    client.receive()
                except Exception as error:  # pylint: disable=broad-except
                    assert "InvalidParameter" in repr(error), repr(error)
            running.wait_for(0)


def bind_later():
    """Bind ties an instance to a process later; bind_ms releases it if that does not happen"""
    with place(gpus=2) as running:
        with program() as process:
            running.claim_one(vm="v", bind_ms=600000)
            bound, = running.call("Bind", vm="v", pid=process.pid)["instances"]
            assert (bound["life"], bound["pid"]) == ("process", process.pid)
            running.claim_one(vm="late", bind_ms=50)
            only, = running.wait_for(1)
            assert only["vm"] == "v"
            running.refused("Busy", "Release", vm="v")
            running.refused("InvalidParameter", "Bind", vm="v", pid=2 ** 31 - 1)
            why = running.refused("NoSuchInstance", "Bind", vm="nobody", pid=process.pid)
            assert "VM nobody has no instance" in why["message"], why
            why = running.refused("NoSuchInstance", "Bind", tenant="t", vm="v", pid=process.pid)
            assert "VM v of tenant t has no instance" in why["message"], why
        running.wait_for(0)


def connection_life():
    """a `connection` claim ends when its client closes, and when it is killed"""
    with place(gpus=2) as running:
        client = running.connect()
        one = client.call("Claim", group="gpus", vm="v", life="connection")["instances"][0]
        assert one["life"] == "connection", one
        running.claim_one(vm="other")
        client.close()
        assert [i["vm"] for i in running.wait_for(1)] == ["other"]
        with holder(running, vm="child"):
            running.wait_for(2)
        assert [i["vm"] for i in running.wait_for(1)] == ["other"]


def connection_over_restart():
    """a `connection` claim outlives the daemon as long as its process does, which may tie it again"""
    with place(gpus=2) as running:
        client = running.connect()
        one, = client.call("Claim", group="gpus", vm="v", life="connection", token="t")["instances"]
        with holder(running, vm="child"):
            running.wait_for(2)
            running.restart(signal.SIGKILL)
            assert len(running.instances()) == 2
        assert [i["vm"] for i in running.wait_for(1)] == ["v"]
        client.close()
        client = running.connect()
        again, = client.call("Claim", group="gpus", vm="v", life="connection",
                             token="t")["instances"]
        assert again["id"] == one["id"]
        client.close()
        running.wait_for(0)


def hold():
    """hostdevctl claim --hold keeps the device until it is killed, however"""
    with place(gpus=1) as running:
        for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            held = subprocess.Popen(
                [path_of("hostdevctl"), "--socket", running.socket, "claim", "gpus", "--vm", "v",
                 "--hold", "--format", "qemu"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
            assert held.stdout.readline() == "vfio-pci,host=0000:01:00.0\n"
            assert running.held() == {pci(1): "v"}
            held.send_signal(how)
            held.communicate()
            running.wait_for(0)


def token():
    """the same token again, from the same user, gets the same instances; another claim does not"""
    with place(gpus=4) as running:
        first = running.claim(vm="v", count=2, token="once")
        assert running.claim(vm="v", count=2, token="once") == first
        for other in ({"vm": "w", "count": 2}, {"vm": "v", "count": 1}, {"tenant": "v", "count": 2}):
            error = running.refused("InvalidParameter", "Claim", group="gpus", token="once", **other)
            assert error["parameter"] == "token", error
        assert running.refused("InvalidParameter", "Claim", group="nics", vm="v", count=2,
                               token="once")["parameter"] == "token"

        def foreign():
            with running.connect() as client:
                return client.call("Claim", group="gpus", vm="v", count=2, token="once")["instances"]

        assert {one["id"] for one in as_user(NOBODY, foreign)}.isdisjoint(
            one["id"] for one in first)
        running.restart(signal.SIGKILL)
        assert running.claim(vm="v", count=2, token="once") == first
        for one in first:
            running.release(instance=one["id"])
        again = running.claim(vm="v", count=2, token="once")
        assert {one["id"] for one in again}.isdisjoint(one["id"] for one in first)


def generation():
    """a release that names an older generation is refused: it is another's now (19)"""
    with place(gpus=1) as running:
        old = running.claim_one(vm="a")
        running.release(instance=old["id"], generation=1)
        new = running.claim_one(vm="b")
        assert new["generation"] == 2
        running.refused("StaleGeneration", "Release", instance=new["id"], generation=1)
        why = running.refused("NoSuchInstance", "Release", instance=old["id"])
        assert f"there is no instance {old['id']}" in why["message"], why
        running.restart(signal.SIGKILL)
        assert running.instances()[0]["generation"] == 2
        running.release(vm="b")
        pull(1)
        wait_until(lambda: not running.devices())
        plug(1)
        wait_until(running.devices)
        assert running.claim_one(vm="c")["generation"] == 3


def kill_and_restart():
    """what was acknowledged is there after kill -9, with its owner, and nothing is held twice (18)"""
    with place(gpus=3) as running:
        with program() as stays, program() as goes:
            running.claim_one(vm="a")
            running.claim_one(vm="b", pid=stays.pid)
            running.claim_one(vm="c", pid=goes.pid)
            before = running.instances()
            running.stop(signal.SIGKILL)
            goes.kill()
            goes.wait()
            running.start()
            assert [one["vm"] for one in running.wait_for(2)] == ["a", "b"]
            assert running.instances() == before[:2]
            assert running.devices()[pci(1)]["instance"] == "i-1"
            stays.kill()
            stays.wait()
            assert [one["vm"] for one in running.wait_for(1)] == ["a"]
        assert running.claim_one(vm="d")["id"] == "i-4"


def missing_over_restart():
    """an instance whose device was pulled while the daemon was down is missing, and returns (21)"""
    with place(gpus=1) as running:
        running.claim_one(vm="v")
        running.stop()
        pull(1)
        running.start()
        assert running.instances()[0]["state"] == "missing"
        with Model(running.socket, snapshot=True) as watch:
            assert [e["type"] for e in watch.events] == ["instance.created", "ready"]
            plug(1)
            watch.wait("instance.returned")
            watch.follow(running)


def grace():
    """a missing device of a group with return_grace is released when that is over, and not before"""
    rules = """groups = ( { name = "gpus"; kind = "pci"; driver = "keep"; return_grace = 1; } );
        rules = ( { name = "gpu"; group = "gpus"; match = ( ("vendor_device", "bw", "10de") ); } );"""
    with place(gpus=2, rules=rules) as running:
        running.claim_one(vm="v")
        with Model(running.socket, snapshot=True) as watch:
            pull(1)
            plug(1)
            pull(1)
            watch.wait("instance.released")
            watch.follow(running)
        plug(1)
        wait_until(lambda: running.devices().get(pci(1), {}).get("state") == "available")


def grace_over_restart():
    """a restart releases nothing whose device is there, however long the first scan takes (18)"""
    rules = """groups = ( { name = "gpus"; kind = "pci"; driver = "keep"; return_grace = 0; } );
        rules = ( { name = "gpu"; group = "gpus"; match = ( ("vendor_device", "bw", "10de") ); } );"""
    with place(gpus=250, rules=rules) as running:
        running.claim(vm="v", count=250)
        running.restart()
        assert len(running.instances()) == 250
        running.restart(signal.SIGKILL)
        assert len(running.instances()) == 250
        running.stop()
        pull(250)
        running.start()
        assert {one["state"] for one in running.wait_for(249)} == {"ready"}


def who_may_change():
    """only the user that claimed an instance, and admins, may change or release it (19)"""
    with place(gpus=3) as running:
        def mine():
            with running.connect() as client:
                return client.call("Claim", group="gpus", tenant="t")["instances"][0]["id"]

        own, foreign = as_user(NOBODY, mine), running.claim_one(tenant="u")["id"]

        def attempt(method, **parameters):
            def call():
                with running.connect() as client:
                    client.call(method, **parameters)
            return as_user(NOBODY, call)

        with program() as process:
            for method, more in (("Release", {}), ("Assign", {"vm": "a"}), ("Unassign", {}),
                                 ("Bind", {"pid": process.pid})):
                refused("NotPermitted", attempt, method, instance=foreign, **more)
            refused("NotPermitted", attempt, "Release", tenant="u")
            refused("NotPermitted", attempt, "Release", instance=own, force=True)
            refused("NotPermitted", attempt, "AcceptLoss")
            attempt("Assign", instance=own, vm="a")
            attempt("Unassign", instance=own)
            attempt("Release", instance=own)
        assert [one["id"] for one in running.instances()] == [foreign]
        assert as_user(NOBODY, mine)
        assert running.release(tenant="t"), "an admin may"


def many_processes():
    """250 instances that live as long as 250 processes all end when these are killed at once (18)"""
    with place(gpus=250) as running:
        children = [subprocess.Popen(["sleep", "1000"]) for _ in range(250)]
        try:
            with running.connect() as client:
                for number, child in enumerate(children):
                    client.call("Claim", group="gpus", vm=f"v{number}", pid=child.pid)
            assert len(running.instances()) == 250
        finally:
            for child in children:
                child.kill()
            for child in children:
                child.wait()
        running.wait_for(0)
        assert all(d["state"] == "available" for d in running.devices().values())


def damaged_database():
    """after a damaged database nothing is given out until an admin accepts the loss (18)"""
    with place(gpus=2) as running:
        old = running.claim_one(vm="v")
        running.stop()
        for name in os.listdir(f"{running.folder}/state"):
            path = f"{running.folder}/state/{name}"
            if name.startswith("hostdevd.db"):
                size = os.path.getsize(path)
                with open(path, "wb") as stream:
                    stream.write(b"damaged" * (size // 7 + 1))
        running.start()
        assert running.instances() == []
        running.refused("StorageFailed", "Claim", group="gpus", vm="w")
        assert running.release(vm="v") == []
        running.restart()
        running.refused("StorageFailed", "Claim", group="gpus", vm="w")
        assert "storage" in running.call("AcceptLoss")["status"]
        new = running.claim_one(vm="w")
        assert (new["device"], new["generation"]) == (pci(1), old["generation"])
        running.refused("NoSuchInstance", "Release", instance=old["id"],
                        generation=old["generation"])
        running.restart()
        assert running.held() == {pci(1): "w"}


def full_disk():
    """on a full disk claims are refused, releases and deaths are still written, and all else goes on"""
    with place(gpus=4) as running, program() as process:
        running.stop()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none",
                        f"{running.folder}/state"], check=True)
        try:
            running.start()
            running.claim_one(vm="a")
            running.claim_one(vm="b", pid=process.pid)
            with open(f"{running.folder}/state/filler", "wb", buffering=0) as stream:
                with contextlib.suppress(OSError):
                    while True:
                        stream.write(bytes(4096))
            wait_until(lambda: refuses(running))
            assert running.call("Status")["status"]["storage"] == "failed"
            assert running.devices()
            before = running.held()
            assert running.release(vm="a") == ["i-1"]
            process.kill()
            process.wait()
            running.wait_for(len(before) - 2)
            os.unlink(f"{running.folder}/state/filler")
            wait_until(lambda: not refuses(running))
            left = running.held()
            running.restart(signal.SIGKILL)
            assert running.held() == left
            running.stop()
        finally:
            subprocess.run(["umount", f"{running.folder}/state"], check=True)


def refuses(running):
    """Whether a claim is refused for want of storage; one that is not is released again."""
    try:
        running.claim_one(vm="probe")
    except Error as error:
        assert error.name == "org.hostdevd.StorageFailed", error.name
        return True
    running.release(vm="probe")
    return False


CASES = [process_life, no_such_process, dies_at_once, bind_later, connection_life,
         connection_over_restart, hold, token, generation, kill_and_restart, missing_over_restart,
         grace, grace_over_restart, who_may_change, many_processes, damaged_database, full_disk]
