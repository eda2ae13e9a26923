# SPDX-License-Identifier: GPL-2.0-or-later
"""kill -9 at any point under load: nothing acknowledged is lost, nothing is held twice."""
import collections
import contextlib
import multiprocessing
import os
import random
import re
import signal
import subprocess
import threading
import time

import worker
from disk import small_disk
from hostdevd import build_shim
from ledger import World, is_of
from place import DEADLINE, NIC, Error, Model, pci, place, plug, pull, wait_until

RULES = """groups = ( { name = "gpus"; kind = "pci"; driver = "keep"; } );
    rules = ( { name = "gpu"; group = "gpus"; match = ( ("vendor_device", "bw", "10de") ); } );"""
WORKERS = 10
GPUS = 24
LONG = bool(os.environ.get("LONG"))
KILLS = int(os.environ.get("KILLS", "1000" if LONG else "100"))
SEED = os.environ.get("SEED") or (str(random.SystemRandom().randrange(10 ** 9)) if LONG else "1")


class Load:
    """The workers, and what is checked between two lives of the daemon."""

    def __init__(self, running, chance):
        self.running, self.chance = running, chance
        self.world = World()
        self.pipes, self.pids = {}, {}
        self.ledgers = {}
        self.numbers = iter(range(1, 10 ** 9))
        self.statistics = collections.Counter()
        self.watch = None
        self.overdue = []  # what is there and nothing keeps it
        for _ in range(WORKERS):
            self.hire()

    def hire(self):
        name = f"w{next(self.numbers)}"
        ours, theirs = multiprocessing.Pipe()
        self.pids[name] = worker.start(name, self.running.socket, theirs, SEED)
        theirs.close()
        self.pipes[name] = ours
        self.ledgers[name] = worker.Ledger(name)

    def go(self, instances):
        self.watch = Follower(self.running, self.world)
        for pipe in self.pipes.values():
            pipe.send(("go", instances))

    def collect(self):
        """Waits until every worker has noticed that the daemon is gone."""
        for name, pipe in self.pipes.items():
            assert pipe.poll(DEADLINE), f"{name} does not stop"
            what, ledger, statistics = pipe.recv()
            assert what == "stopped", ledger
            self.ledgers[name] = ledger
            self.statistics.update(statistics)
            for record in ledger.have.values():
                self.world.note(record["instance"])
        self.watch.end()

    def kill_worker(self):
        """While the daemon is down; what lived by its connections must go, the rest is nobody's."""
        name = self.chance.choice(list(self.pipes))
        os.kill(self.pids[name], signal.SIGKILL)
        os.waitpid(self.pids.pop(name), 0)
        self.pipes.pop(name).close()
        self.statistics["workers killed"] += 1
        for record in self.ledgers[name].have.values():
            if record["instance"]["life"] == "connection":
                record["over"] = "dead"
        self.hire()
        return name

    def check(self):
        """Asserts every promise; returns all instances."""
        with self.running.connect() as client:
            instances, devices = wait_until(lambda: self.settled(client), self)
        self.world.compare(instances, devices)
        for ledger in self.ledgers.values():
            ledger.compare(instances)
            ledger.adopt(instances)
        for one in instances:
            assert any(is_of(name, one) for name in self.ledgers), f"{one} is nobody's"
        return instances

    def settled(self, client):
        """All instances and devices, of one seq, once those that nothing keeps have gone."""
        instances, devices = client.call("ListInstances"), client.call("ListDevices")
        self.overdue = [one for ledger in self.ledgers.values()
                        for one in ledger.overdue(instances["instances"])]
        if self.overdue or instances["seq"] != devices["seq"]:
            return None
        return instances["instances"], devices["devices"]

    def __str__(self):
        return f"nothing keeps {self.overdue}; ledgers: {[vars(l) for l in self.ledgers.values()]}"

    def dismiss(self, name):
        """Releases what a killed worker leaves.

        What it claimed last, unanswered, to live by its connection was not known to be over: that
        may go by itself now.
        """
        ledger = self.ledgers.pop(name)
        for key, record in ledger.have.items():
            try:
                self.running.call("Release", instance=key, force=True)
            except Error as error:
                assert error.name.endswith(".NoSuchInstance"), error
                assert record["instance"]["life"] == "connection", record
            self.world.released.add(key)
        for pid in ledger.children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def close(self):
        for name, pipe in self.pipes.items():
            with contextlib.suppress(OSError):
                pipe.send(("end", None))
            os.waitpid(self.pids[name], 0)


class Follower(threading.Thread):
    """A subscriber; what it was told is as binding as an answer."""

    def __init__(self, running, world):
        super().__init__(daemon=True)
        self.model = Model(running.socket, snapshot=True)
        self.world, self.failure, self.events = world, None, 0
        self.start()

    def run(self):
        try:
            while True:
                event = self.model.next()
                self.events += 1
                if "instance" in event:
                    self.world.note(event["instance"])
                if event["type"] == "instance.released":
                    self.world.released.add(event["instance"]["id"])
                self.model.events.clear()
        except (EOFError, ConnectionError):
            pass
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure
        self.model.close()

    def end(self):
        self.join()
        assert self.failure is None, repr(self.failure)


def start_and_kill(running, chance):
    """Kills the daemon before it is ready, or just then."""
    with open(running.log, "ab") as log:
        process = subprocess.Popen(running.command, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, env=running.environment)
    time.sleep(chance.random() * 0.06)
    process.kill()
    process.wait()


def complaints(running):
    """What the log has of errors and warnings, of every life of the daemon."""
    return re.findall(r"^<[0-4]>.*$", running.read_log(), re.MULTILINE)


def instances_of(running):
    return running.call("ListInstances")["instances"]


@contextlib.contextmanager
def loaded(case):
    """A daemon with workers, on a disk that takes a little time."""
    print(f"{'##' if LONG else '#'} {case}: SEED={SEED}", flush=True)
    chance = random.Random(f"{SEED} {case}")
    environment = {"JOURNAL_STREAM": "log", "LD_PRELOAD": build_shim("crash/slow_disk"), "SLOW_DISK_US": "600"}
    with place(gpus=GPUS, rules=RULES, environment=environment) as running:
        load = Load(running, chance)
        try:
            yield running, load, chance
        finally:
            running.stop(signal.SIGKILL)
            load.close()


def report(load, kills, began):
    calls = {key: n for key, n in sorted(load.statistics.items())}
    print(f"# {kills} kills in {time.monotonic() - began:.0f} s, "
          f"{len(load.world.seen)} instances, {calls}", flush=True)


def killed_under_load():
    """kill -9 at any point: what was acknowledged is there, nothing twice, no id or generation again"""
    kills, began = KILLS, time.monotonic()
    starting = 0
    with loaded("kills") as (running, load, chance):
        instances = []
        for _ in range(kills):
            load.go(instances)
            time.sleep(chance.choice([0.01, 0.1, 0.3]) * chance.random() * 2)
            running.stop(signal.SIGKILL)
            load.collect()
            dead = load.kill_worker() if chance.random() < 0.1 else None
            for _ in range(chance.choice([0, 0, 0, 1, 2])):
                starting += 1
                start_and_kill(running, chance)
            running.start()
            instances = load.check()
            assert running.call("Status")["status"]["storage"] == "ok"
            if dead:
                load.dismiss(dead)
                instances = instances_of(running)
            assert complaints(running) == []
        load.statistics["killed while starting"] = starting
        report(load, kills, began)
        assert not [what for what in load.statistics if "StorageFailed" in what]
        assert load.statistics["token again"] > 0 and load.statistics["Assign"] > 0


def storage(running):
    return running.call("Status")["status"]["storage"]


def live_on_full_disk(running, load):
    """Events, lists and releases, while claims are refused."""
    wait_until(lambda: storage(running) == "failed", "claims are not refused")
    plug(0x70, NIC)
    wait_until(lambda: pci(0x70) in load.watch.model.devices, "a subscriber misses an event")
    assert running.devices()[pci(0x70)]["state"] == "unmatched"
    pull(0x70)
    wait_until(lambda: pci(0x70) not in load.watch.model.devices, "a subscriber misses an event")


def killed_on_full_disk():
    """so on a disk that fills up and gets room again; releases go through, all else runs on"""
    kills, began = KILLS // 4, time.monotonic()
    with loaded("full") as (running, load, chance), small_disk(running, "8m") as disk:
        instances = []
        for _ in range(kills):
            load.go(instances)
            for _ in range(chance.choice([0, 1, 1, 2])):
                time.sleep(chance.random() * 0.2)
                disk.fill()
                live_on_full_disk(running, load)
                time.sleep(chance.random() * 0.3)
                if chance.random() < 0.3:
                    break
                disk.empty()
                wait_until(lambda: storage(running) == "ok", "claims are refused for ever")
            running.stop(signal.SIGKILL)
            load.collect()
            running.start()
            instances = load.check()
            disk.empty()
            wait_until(lambda: storage(running) == "ok", "the rules are never kept")
        report(load, kills, began)
        assert load.statistics["Claim: StorageFailed"] > 0
        assert load.statistics["Release: StorageFailed"] == 0
        assert load.statistics["Unassign: StorageFailed"] == 0


CASES = [killed_under_load, killed_on_full_disk]
