# SPDX-License-Identifier: GPL-2.0-or-later
"""Many devices, many events, and both at once."""
import os
import random
import signal
import threading
import time

from rig import (IDS, MANY, REPEATS, ROOT, counters, daemon, drain, expect_right, fill, rss_mib,
                 slot_name, tell_paced, wait_until, watched)


def cold_start(machine):
    """row 19: 10,000 functions are all there when the socket opens, and equal to the tree"""
    fill(machine, MANY)
    start = time.monotonic()
    with daemon() as running:
        running.call("Status")  # who connects before the scan is complete waits for it
        taken = time.monotonic() - start
        devices = running.devices()
        assert sorted(devices) == [f"pci:{slot}" for slot in machine.slots()]
        groups = {device["id"]: device.get("group") for device in devices.values()}
        for number in range(MANY):
            assert groups[f"pci:{slot_name(number)}"] == (None if number % len(IDS) else "intel")
        print(f"# {MANY} functions: ready after {taken:.2f} s, {rss_mib(running)} MiB")


def trigger_all(machine):
    """rows 13 and 19: a trigger of 10,000 functions tells nobody anything"""
    fill(machine, MANY)
    with watched() as (running, subscriber):
        tell_paced(running, machine, "change", machine.slots())
        tell_paced(running, machine, "add", machine.slots())
        drain(running)
        assert subscriber.types() == []
        print(f"# {counters(running)['looks'] - MANY} looks for {2 * MANY} events, "
              f"{rss_mib(running)} MiB")
        expect_right(running, subscriber)


class Storm:
    """Random arrivals, removals and changes of few devices among events about all of them."""

    def __init__(self, machine, seed, still, moving):
        self.machine = machine
        self.random = random.Random(seed)
        self.quiet = [slot_name(number) for number in range(still)]
        self.moving = [slot_name(still + number) for number in range(moving)]
        self.present = {slot for slot in self.moving if os.path.exists(f"{ROOT}/{slot}")}
        self.bound = {slot for slot in self.present if os.path.exists(f"{ROOT}/{slot}/driver")}

    def add(self, slot):
        self.machine.add(slot, *self.random.choice(IDS), revision=self.random.randrange(256))
        self.present.add(slot)
        self.machine.tell("add", slot)

    def remove(self, slot):
        self.machine.remove(slot)
        self.present.discard(slot)
        self.bound.discard(slot)
        self.machine.tell("remove", slot)

    def toggle_driver(self, slot):
        bound = slot in self.bound
        if bound:
            self.machine.unbind(slot)
        else:
            self.machine.bind(slot, "nvme")
        self.bound ^= {slot}
        self.machine.tell("unbind" if bound else "bind", slot)

    def move(self):
        slot = self.random.choice(self.moving)
        if slot not in self.present:
            self.add(slot)
        elif self.random.random() < 0.4:
            self.remove(slot)
        elif self.random.random() < 0.3:
            self.remove(slot)
            self.add(slot)
        else:
            self.toggle_driver(slot)

    def blow(self, events, process=None):
        """`process` is kept from running now and then, as on a busy machine."""
        for number in range(events):
            if process and number % 1000 == 0:
                process.send_signal(signal.SIGSTOP)
            if process and number % 1000 == 300:
                process.send_signal(signal.SIGCONT)
            if number % 20 == 0:
                self.move()
            else:
                self.machine.tell("change", self.random.choice(self.quiet))


def begun(running):
    """How many resyncs lost events have asked for."""
    return running.read_log().count("events were lost: will look at every device again")


def blow_repeatedly(machine, still, moving, at_least=1):
    """Bursts over a small buffer, each of which must end right; the last things done are lost or
    not, as it comes. A burst lasts until it has asked for `at_least` resyncs."""
    fill(machine, still)
    with watched(config="receive_buffer = 8192;") as (running, subscriber):
        for seed in range(REPEATS):
            before = counters(running)
            wanted = begun(running) + at_least
            storm = Storm(machine, seed, still, moving)
            storm.blow(20000, running.process)
            while begun(running) < wanted:
                storm.blow(20000, running.process)
            end = time.monotonic()
            expect_right(running, subscriber)
            taken = time.monotonic() - end
            wait_until(lambda known=before["resyncs"]: subscriber.count("resync") ==
                       counters(running)["resyncs"] > known, "no resync is told")
            after = counters(running)
            assert after["overruns"] > before["overruns"], "the burst overran nothing"
            print(f"# seed {seed}: " + ", ".join(
                f"{after[name] - before[name]} {name}" for name in
                ("events", "overruns", "resyncs", "looks")) + f", right {taken:.2f} s after it")
        return begun(running), counters(running)["resyncs"]


def burst(machine):
    """row 1: a burst of 20,000 events over a small buffer, while devices come and go, ends right"""
    blow_repeatedly(machine, 200, 100)


def burst_over_many(machine):
    """row 2: a longer one over 10,000 devices, so that events are lost while a resync runs"""
    wanted, told = blow_repeatedly(machine, MANY, 100, at_least=2)
    print(f"# {wanted} begun, {told} told")
    assert wanted > told


def change_storm(machine):
    """row 12: a storm of changes of one device that changes nothing tells nobody anything"""
    fill(machine, 5)
    with watched() as (running, subscriber):
        tell_paced(running, machine, "change", [slot_name(2)] * 20000)
        drain(running)
        assert subscriber.types() == []
        looks = counters(running)["looks"]
        print(f"# {looks} looks for 20,000 events")
        assert looks < 20000
        expect_right(running, subscriber)


def start_race(machine):
    """row 18: devices that come and go while the daemon starts are neither lost nor kept"""
    for seed in range(REPEATS):
        fill(machine, 1000)
        storm = Storm(machine, seed, 500, 600)
        storm.present |= {slot for slot in storm.moving if os.path.exists(f"{ROOT}/{slot}")}
        stop = threading.Event()

        def hammer(storm=storm, stop=stop):
            while not stop.is_set():
                storm.blow(100)

        thread = threading.Thread(target=hammer)
        thread.start()
        try:
            with watched() as (running, subscriber):
                time.sleep(0.2)
                stop.set()
                thread.join()
                expect_right(running, subscriber)
        finally:
            stop.set()
            thread.join()


CASES = [cold_start, trigger_all, burst, burst_over_many, change_storm, start_race]
