# SPDX-License-Identifier: GPL-2.0-or-later
"""What the event sockets may do: odd messages, errors, drops."""
import contextlib
import itertools
import os
import random

from rig import (build_shim, counters, drain, expect_nothing_lost, expect_right, fill, slot_name,
                 trigger_file, wait_until, watched, write)


def unknown_action(machine):
    """row 3: an action that libudev does not know is one resync, and no difference"""
    fill(machine, 50)
    with watched() as (running, subscriber):
        machine.remove(slot_name(4))  # what such a message may have been about
        machine.tell("fly", slot_name(3))
        wait_until(lambda: counters(running)["resyncs"] == 1, "no resync")
        machine.tell("change", slot_name(5))
        drain(running)
        assert subscriber.types() == ["group.left", "device.removed", "resync"]
        assert counters(running)["receive_errors"] == 1
        expect_right(running, subscriber)


def shuffled(machine):
    """row 4: SEQNUMs with gaps, repeated and in disorder lose nothing and start no resync"""
    fill(machine, 50)
    chance = random.Random(4)
    with watched() as (running, subscriber):
        for number in range(50, 60):
            machine.add(slot_name(number))
        numbers = [number for number in range(10, 1010, 10) for _ in range(2)]
        chance.shuffle(numbers)
        for at, number in enumerate(numbers):
            machine.udevd.numbers = itertools.count(number)
            machine.tell("change", slot_name(at % 60))
        expect_right(running, subscriber)
        expect_nothing_lost(running)
        machine.udevd.numbers = itertools.count(2000)


@contextlib.contextmanager
def shimmed(machine, group, **ways):
    """A daemon on 50 devices whose socket of that group is as broken_socket.c says from now on."""
    fill(machine, 50)
    shim = {"LD_PRELOAD": build_shim("generated/broken_socket"), "BROKEN_GROUP": str(group), **ways}
    with trigger_file() as trigger, \
            watched(environment={**shim, "BROKEN_SOCKET": trigger}) as (running, subscriber):
        write(trigger, "")
        try:
            yield running, subscriber
        finally:
            os.unlink(trigger)


def broken(machine, group, **ways):
    with shimmed(machine, group, **ways) as (running, subscriber):
        machine.remove(slot_name(7))
        machine.tell("remove", slot_name(7))
        machine.add(slot_name(60))
        wait_until(lambda: counters(running)["resyncs"] == 1, "no resync")
        errors = counters(running)["receive_errors"]
        print(f"# {errors} errors before it was replaced")
        assert 0 < errors < 100
        machine.add(slot_name(61))
        machine.tell("add", slot_name(61))
        expect_right(running, subscriber)
        assert subscriber.types().count("resync") == 1
        assert counters(running)["receive_errors"] == errors
        assert running.read_log().count("nothing but errors") == 1


def broken_udev_socket(machine):
    """row 17: a monitor that gives nothing but errors is replaced, and never spun on"""
    broken(machine, 2)


def broken_kernel_socket(machine):
    """row 17: so is the kernel's socket beside it"""
    broken(machine, 1)


def silent_socket(machine):
    """row 17: so is one that wakes the daemon and has nothing to say"""
    broken(machine, 2, BROKEN_SILENT="1")


def counted_drop(machine):
    """row 1: a message dropped without an ENOBUFS, as behind the first while the socket is full,
    is one resync"""
    with shimmed(machine, 2, BROKEN_DROPS="1") as (running, subscriber):
        machine.add(slot_name(60))  # what the message was about
        machine.tell("change", slot_name(3))
        wait_until(lambda: counters(running)["resyncs"] == 1, "no resync")
        expect_right(running, subscriber)
        assert f"pci:{slot_name(60)}" in running.devices()
        machine.tell("change", slot_name(3))
        drain(running)
        assert counters(running)["overruns"] == 1


CASES = [unknown_action, shuffled, broken_udev_socket, broken_kernel_socket, silent_socket,
         counted_drop]
