# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that end, or are not the ones they were, however and whenever."""
import sqlite3
import time

from cases_kill import RULES
from place import Model, place, program

KILLS = 50


def freed_at_once():
    """a VM killed by SIGKILL frees its device at once: to subscribers, and to who waits next"""
    told, served = [], []
    with place(gpus=1, rules=RULES) as running, Model(running.socket, snapshot=True) as watch:
        for number in range(KILLS):
            with program() as process:
                running.claim_one(vm=f"v{number}", pid=process.pid)
                with running.waiter(vm="next") as waiting:
                    process.kill()
                    killed = time.monotonic()
                    watch.wait("instance.released")
                    told.append(time.monotonic() - killed)
                    instance, = waiting.receive()["parameters"]["instances"]
                    served.append(time.monotonic() - killed)
                assert instance["vm"] == "next"
                assert running.instances() == [instance]
                running.release(instance=instance["id"])
                watch.follow(running)
    for what, times in (("instance.released", told), ("next claim answered", served)):
        times.sort()
        print(f"# from kill to {what}: median {times[KILLS // 2] * 1e6:.0f} us, "
              f"largest {times[-1] * 1e6:.0f} us, of {KILLS}", flush=True)


def other_process():
    """a pid that is another process's since, or of another boot, keeps nothing"""
    other_boot = "iif(grant_boot LIKE '0%', '1', '0') || substr(grant_boot, 2)"
    for change in ("grant_start = grant_start + 1", f"grant_boot = {other_boot}",
                   "grant_boot = ''", None):
        with place(gpus=2, rules=RULES) as running, program() as process:
            one = running.claim_one(vm="v", pid=process.pid)
            running.claim_one(vm="w")
            running.stop()
            if change:
                forge(f"{running.folder}/state/hostdevd.db", change)
            running.start()
            kept = running.wait_for(1 if change else 2)
            assert (one in kept) == (not change), (change, kept)


def other_user_of_tenant():
    """likewise of a VM's use: the device stays the tenant's"""
    with place(gpus=1, rules=RULES) as running, program() as process:
        one = running.claim_one(tenant="t")
        running.call("Assign", instance=one["id"], vm="v", pid=process.pid)
        running.stop()
        forge(f"{running.folder}/state/hostdevd.db", "use_start = use_start - 1")
        running.start()
        with Model(running.socket, snapshot=True) as watch:
            while "vm" in watch.instances[one["id"]]:
                watch.next()
        assert running.instances() == [one]


def gone_meanwhile():
    """a process that ended while the daemon was down, killed or stopped, frees its device at start"""
    for how in (9, 15):
        with place(gpus=1, rules=RULES) as running, program() as process:
            running.claim_one(vm="v", pid=process.pid)
            running.stop(how)
            process.kill()
            process.wait()
            running.start()
            running.wait_for(0)
            assert running.claim_one(vm="w")["generation"] == 2


def forge(path, change):
    """Writes what a daemon might have, had it run at another time."""
    database = sqlite3.connect(path)
    changed = database.execute(f"UPDATE instances SET {change} WHERE vm = 'v'").rowcount
    database.commit()
    database.close()
    assert changed == 1, change


CASES = [freed_at_once, other_process, other_user_of_tenant, gone_meanwhile]
