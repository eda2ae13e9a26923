# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk that hangs, a database that is damaged or not ours, a state folder that lacks room."""
import contextlib
import glob
import os
import random
import re
import signal
import sqlite3
import subprocess
import tempfile

from cases_kill import RULES, storage
from disk import small_disk
from hostdevd import build_shim
from place import DEADLINE, Model, pci, place, plug, program, pull, refused, wait_until


@contextlib.contextmanager
def hanging(running):
    """While it lasts, what is written to the database does not come back."""
    hang = running.environment["SLOW_DISK_HANG"]
    with open(hang, "w", encoding="ascii"):
        pass
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(hang)


@contextlib.contextmanager
def hangable(gpus, config=""):
    with tempfile.TemporaryDirectory(prefix="hostdevd-hang-", dir="/dev/shm") as folder:
        environment = {"LD_PRELOAD": build_shim("crash/slow_disk"), "SLOW_DISK_HANG": f"{folder}/hang"}
        with place(gpus=gpus, rules=RULES, config=config, environment=environment) as running:
            yield running


def sent(running, method, **parameters):
    """A connection whose call the daemon has read."""
    connection = running.connect()
    calls = running.calls()
    connection.send(method, **parameters)
    wait_until(lambda: running.calls() > calls + 1)
    return connection


def hangs():
    """a disk that hangs holds up only those who wait for it; a late grant is taken back"""
    with hangable(4) as running, program() as process, \
            Model(running.socket, snapshot=True) as watch:
        running.claim_one(vm="a")
        running.claim_one(vm="b", pid=process.pid)
        held = running.instances()
        with hanging(running):
            claim = sent(running, "Claim", group="gpus", vm="late")
            release = sent(running, "Release", vm="a")
            process.kill()
            process.wait()
            plug(7)
            watch.wait("device.added", id=pci(7))
            pull(4)
            watch.wait("device.removed", id=pci(4))
            assert sorted(running.devices()) == [pci(1), pci(2), pci(3), pci(7)]
            running.refused("Busy", "Claim", device=pci(3), vm="x")
            running.refused("NoDeviceAvailable", "Claim", group="gpus", vm="x", count=2)
            refused("StorageFailed", claim.receive)
            refused("StorageFailed", release.receive)
            running.refused("Busy", "Claim", device=pci(3), vm="x")
            assert running.instances() == held, "something is granted from memory"
            assert storage(running) == "failed"
            assert "instance.released" not in watch.types()
        running.wait_for(0)
        assert storage(running) == "ok"
        watch.follow(running)
        late = [e["type"] for e in watch.events if e.get("instance", {}).get("vm") == "late"]
        assert late == ["instance.created", "instance.released"], late
        assert watch.types().count("instance.released") == 3
        assert all(device["state"] == "available" for device in running.devices().values())
        assert {one["device"] for one in running.claim(vm="x", count=4)} == set(running.devices())
        running.restart(signal.SIGKILL)
        assert set(running.held().values()) == {"x"}


def hangs_and_is_killed():
    """a daemon that is killed while its disk hangs has all that was acknowledged, and nothing half"""
    with hangable(4) as running:
        running.claim_one(vm="a")
        running.claim_one(vm="b")
        held = running.instances()
        with hanging(running):
            claim = sent(running, "Claim", group="gpus", vm="c", count=2)
            release = sent(running, "Release", vm="a")
            running.stop(signal.SIGKILL)
        running.start()
        claim.close()
        release.close()
        now = running.instances()
        assert now[:2] == held, now
        assert [one["vm"] for one in now[2:]] in ([], ["c", "c"]), now


def hangs_briefly():
    """releases and claims that a disk held up for less than the deadline are done and answered"""
    with hangable(2, "store_deadline_s = 3600;") as running:
        running.claim_one(vm="a")
        with hanging(running):
            first = sent(running, "Claim", group="gpus", vm="b")
            second = sent(running, "Release", vm="a")
            third = sent(running, "Claim", group="gpus", vm="c", wait_ms=600000)
        assert first.receive()["parameters"]["instances"][0]["device"] == pci(2)
        assert second.receive()["parameters"]["released"] == ["i-1"]
        assert third.receive()["parameters"]["instances"][0]["device"] == pci(1)
        for client in (first, second, third):
            client.close()


def flip(data):
    return bytes(byte ^ 0x55 if at % 64 == 0 else byte for at, byte in enumerate(data))


DAMAGES = {
    "bytes flipped": flip,
    "the first page flipped": lambda data: flip(data[:4096]) + data[4096:],
    "truncated": lambda data: data[:len(data) // 2],
    "cut to nothing": lambda data: b"",
    "garbage": lambda data: random.Random(1).randbytes(len(data)),
}


def damaged():
    """a database damaged in any way is kept aside and said; nothing is given out until accepted"""
    for how, damage in DAMAGES.items():
        with place(gpus=2, rules=RULES) as running:
            running.claim_one(vm="v")
            running.stop()
            path = f"{running.folder}/state/hostdevd.db"
            with open(path, "rb") as stream:
                broken = damage(stream.read())
            with open(path, "wb") as stream:
                stream.write(broken)
            running.start()
            lost(running, how)
            kept = min(glob.glob(f"{path}.damaged-*"), key=len)  # its log has a longer name
            with open(kept, "rb") as stream:
                assert stream.read().startswith(broken), how
            running.restart(signal.SIGKILL)
            lost(running, how)
            running.call("AcceptLoss")
            running.claim_one(vm="w")
            running.restart(signal.SIGKILL)
            assert (storage(running), running.held()) == ("ok", {pci(1): "w"}), how


def lost(running, how):
    """Nothing is given out, and everything else goes on."""
    assert storage(running) == "lost", how
    running.refused("StorageFailed", "Claim", group="gpus", vm="w")
    assert (running.instances(), running.release(vm="v")) == ([], [])
    with Model(running.socket, snapshot=True) as watch:
        plug(9)
        watch.wait("device.added", id=pci(9))
        pull(9)
        watch.wait("device.removed", id=pci(9))
    assert re.search(r"^storage +lost$", running.client("status")[1], re.M)


def start_in_vain(running, *options):
    """What a daemon says that does not start."""
    done = subprocess.run([*running.command, *options], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=DEADLINE, check=False,
                          env=running.environment)
    assert done.returncode == 1, done
    return done.stderr


def not_ours():
    """a database of a newer version, or of a daemon that runs, is refused, and left as it is"""
    with place(gpus=1, rules=RULES) as running:
        running.claim_one(vm="v")
        assert "in use by another hostdevd" in start_in_vain(
            running, "--socket", f"{running.folder}/other")
        assert running.held() == {pci(1): "v"}
        running.stop()
        path = f"{running.folder}/state/hostdevd.db"
        version = schema_version(path, 1000)
        assert "newer hostdevd" in start_in_vain(running)
        assert schema_version(path, version) == 1000
        running.start()
        assert running.held() == {pci(1): "v"}


def schema_version(path, wanted):
    """The version that it had; it has the wanted one now."""
    database = sqlite3.connect(path)
    version, = database.execute("PRAGMA user_version").fetchone()
    database.execute(f"PRAGMA user_version = {wanted}")
    database.commit()
    database.close()
    return version


def two_failures():
    """storage is failed while claims or the copy of the rules fail, whichever is mended first"""
    huge = RULES + "\n".join("# " + "x" * 200 for _ in range(5000))
    with place(gpus=250, rules=RULES) as running, small_disk(running, "8m") as disk:
        running.claim_one(vm="a")
        disk.fill(leave=64 * 1024)  # enough for a few
        running.refused("StorageFailed", "Claim", group="gpus", vm="v" * 100, count=240)
        running.write_rules(huge)
        running.call("Reload")
        wait_until(lambda: running.read_log().count("cannot keep a copy of the rules") == 1)
        running.claim_one(vm="b")
        assert running.read_log().count("can be written again") == 1
        assert storage(running) == "failed", "the rules are not kept"
        running.refused("StorageFailed", "Claim", group="gpus", vm="v" * 100, count=240)
        running.write_rules(RULES)
        running.call("Reload")
        wait_until(lambda: "has a copy of the rules again" in running.read_log())
        assert storage(running) == "failed", "claims were refused, and none was written since"
        disk.empty()
        running.claim_one(vm="c")
        assert storage(running) == "ok"
        running.claim(vm="d", count=247)  # those that were refused hold nothing


CASES = [hangs, hangs_briefly, hangs_and_is_killed, damaged, not_ours, two_failures]
