# SPDX-License-Identifier: GPL-2.0-or-later
"""Watching, lists while things change, and the packaged client."""
import json
import os
import socket
import subprocess
import time

from harness import BUILD, HOSTDEVD, Server, case, error_of, wait_until
from hostdevd import Skip


class State:
    """What a subscriber knows, by nothing but its events."""

    def __init__(self):
        self.devices = {}

    def apply(self, event):
        kind = event["type"]
        device = event.get("device")
        if kind in ("device.added", "device.changed"):
            assert (kind == "device.added") == (device["id"] not in self.devices), event
            self.devices[device["id"]] = device
        elif kind == "device.removed":
            del self.devices[device["id"]]
        elif kind == "group.joined":
            self.devices[device["id"]].update(
                group=event["group"], rule=event["rule"], state=device["state"])
        elif kind == "group.left" and device["id"] in self.devices:
            self.devices[device["id"]].pop("group")
            self.devices[device["id"]].pop("rule", None)

    def as_list(self):
        return sorted(self.devices.values(), key=lambda device: device["id"])


def listed(client):
    reply = client.call(HOSTDEVD + "ListDevices")
    return reply["seq"], sorted(reply["devices"], key=lambda device: device["id"])


# --- watching ---

@case
def ready_once():
    """every Watch gets `ready` once: at once, after the snapshot, or after what was missed"""
    before = time.time()
    with Server() as server:
        server.tell("add pci:0000:01:00.0 t4", "add usb:1-2 other")
        plain = server.client().watch()
        event = plain.event()
        assert set(event) == {"seq", "usec", "type", "epoch"}, event
        assert (event["type"], event["seq"], event["epoch"]) == ("ready", 3, "test-epoch")
        snapshot = server.client().watch(snapshot=True).until_ready()
        assert [(e["seq"], e["type"]) for e in snapshot] == [
            (3, "device.added"), (3, "group.joined"), (3, "device.added"), (3, "ready")]
        assert snapshot[1]["device"] == {"id": "pci:0000:01:00.0", "state": "available"}
        assert (snapshot[1]["group"], snapshot[1]["rule"]) == ("t4", "t4")
        replay = server.client().watch(since=1, epoch="test-epoch").until_ready()
        assert [(e["seq"], e["type"]) for e in replay] == [
            (2, "group.joined"), (3, "device.added"), (3, "ready")]
        assert server.client().watch(since=3, epoch="test-epoch").event()["type"] == "ready"
        assert int(before * 1e6) <= snapshot[0]["usec"] <= time.time() * 1e6
        server.tell("change pci:0000:01:00.0 a10")
        events = [plain.event() for _ in range(3)]
        assert [(e["seq"], e["type"]) for e in events] == [
            (4, "group.left"), (5, "device.changed"), (6, "group.joined")], events
        assert list(events[1]) == ["seq", "usec", "type", "device", "changed"]
        assert "rule" in events[1]["changed"]


@case
def since_errors():
    """`since`: needs `epoch`; another epoch or too old is HistoryLost, or a snapshot if asked"""
    with Server(ring=10) as server:
        server.tell("fill 25")
        client = server.client()

        def watch(**parameters):
            return error_of(client.call, HOSTDEVD + "Watch", parameters, more=True)

        error = watch(since=20)
        assert error.parameters["parameter"] == "epoch"
        for parameters in ({"since": 20, "epoch": "x"}, {"since": 14, "epoch": "test-epoch"}):
            error = watch(**parameters)
            assert error.name == HOSTDEVD + "HistoryLost", error
            assert (error.parameters["oldest"], error.parameters["epoch"]) == (16, "test-epoch")
            events = server.client().watch(snapshot=True, **parameters).until_ready()
            assert [event["type"] for event in events] == ["device.added"] * 25 + ["ready"]
        for since in (26, -1, 2 ** 63 - 1):
            error = watch(since=since, epoch="test-epoch")
            assert error.parameters["parameter"] == "since", error
        for parameters in ({"groups": []}, {"kinds": ["x"]}, {"types": ["x"]}, {"types": [1]},
                           {"groups": ["g"] * 65}):
            error = watch(**parameters)
            assert error.parameters["parameter"] == list(parameters)[0], error
        events = server.client().watch(since=15, epoch="test-epoch", snapshot=True).until_ready()
        assert [event["seq"] for event in events] == list(range(16, 26)) + [25]
        assert client.call(HOSTDEVD + "Status")["status"]["subscribers"] == 3


@case
def filters():
    """filters hold for snapshot, replay and live events; ready, resync and reloads always come"""
    with Server() as server:
        server.tell("add pci:0000:01:00.0 t4", "add usb:1-2 key")

        def watch(**parameters):
            client = server.client().watch(**parameters)
            return client, [event["type"] for event in client.until_ready()]

        keys, first = watch(kinds=["usb"], snapshot=True)
        assert first == ["device.added", "group.joined", "ready"]
        t4, first = watch(groups=["t4", "not-yet"], since=0, epoch="test-epoch")
        assert first == ["device.added", "group.joined", "ready"], first
        left, first = watch(types=["group.left"], snapshot=True)
        assert first == ["ready"]
        server.tell("change pci:0000:01:00.0 a10", "remove usb:1-2", "change pci:0000:01:00.0 t4",
                    "resync")
        server.client().call(HOSTDEVD + "Reload")

        def types(client):
            events = [client.event()]
            while events[-1]["type"] != "rules.reloaded":
                events.append(client.event())
            assert [e["seq"] for e in events] == sorted({e["seq"] for e in events})
            return [event["type"] for event in events]

        assert types(keys) == ["group.left", "device.removed", "resync", "rules.reloaded"]
        assert types(left) == ["group.left"] * 3 + ["resync", "group.left", "rules.reloaded"]
        assert types(t4) == ["group.left", "device.changed", "group.joined"] * 2 + [
            "resync", "group.left", "device.changed", "group.joined", "rules.reloaded"]


@case
def snapshot_under_burst():
    """snapshots taken while events run have no gap and no repeat, and give what the list says"""
    with Server() as server:
        # they are read one after the other: none may be behind for it, however slow that is
        server.tell("subscriber 1000000000", "fill 300")
        watchers = []
        for _ in range(20):
            server.tell("burst 1000")
            watchers.append(server.client().watch(snapshot=True))
            time.sleep(0.005)
        server.tell("add pci:ffff:ff:1f.7 t4")
        lister = server.client()
        seq = 0
        while True:
            at, devices = listed(lister)
            if at == seq:
                break
            seq = at
            time.sleep(0.1)
        starts = set()
        for watcher in watchers:
            state = State()
            events = watcher.until_ready()
            start = events[-1]["seq"]
            starts.add(start)
            assert all(event["seq"] == start for event in events)
            for event in events:
                state.apply(event)
            for number in range(start + 1, seq + 1):
                event = watcher.event()
                assert event["seq"] == number, (event["seq"], number)
                state.apply(event)
            assert state.as_list() == devices
            assert watcher.is_quiet(0)
        assert len(starts) > 3, "taken at different times"


@case
def resume():
    """a client that comes back with since and epoch misses nothing and repeats nothing"""
    with Server() as server:
        server.tell("fill 50")
        state, client = State(), server.client().watch(snapshot=True)
        for event in client.until_ready():
            state.apply(event)
        server.tell("burst 5000")
        seq = event["seq"]
        for _ in range(30):
            for _ in range(100):
                event = client.event()
                assert event["seq"] == seq + 1
                state.apply(event)
                seq = event["seq"]
            client.close()
            client = server.client().watch(since=seq, epoch="test-epoch")
            replay = client.until_ready()[:-1]
            for event in replay:
                assert event["seq"] == seq + 1
                state.apply(event)
                seq = event["seq"]
            if seq >= 4000:
                break
        last, devices = listed(server.client())
        while seq < last:
            event = client.event()
            state.apply(event)
            seq = event["seq"]
            last, devices = listed(server.client()) if seq == last else (last, devices)
        assert state.as_list() == devices


@case
def slow_list():
    """a list of 10,000 that is read slowly while devices change is of one seq"""
    with Server() as server:
        server.tell("fill 10000")
        client = server.client()
        client.send(HOSTDEVD + "ListDevices")
        data = client.socket.recv(1000)
        server.tell("burst 20000", "remove pci:1000:00:00.0")
        while not data.endswith(b"\0"):
            data += client.socket.recv(100000)
            if len(data) % 5 == 0:
                time.sleep(0.002)
        reply = json.loads(data[:-1])["parameters"]
        assert reply["seq"] == 10000 and len(reply["devices"]) == 10000
        assert not any("driver" in device["fields"]["pci"] for device in reply["devices"])


@case
def many_subscribers():
    """a thousand subscribers all get every event"""
    with Server() as server:
        server.tell("fill 100")
        watchers = [server.client().watch(snapshot=True) for _ in range(1000)]
        for watcher in watchers:
            assert len(watcher.until_ready()) == 101
        assert server.client().call(HOSTDEVD + "Status")["status"]["subscribers"] == 1000
        server.tell("burst 200")
        for watcher in watchers:
            assert [watcher.event()["seq"] for _ in range(200)] == list(range(101, 301))


@case
def slow_subscriber():
    """a subscriber that takes nothing while too much waits is closed after 10 s, nobody else is"""
    with Server() as server:
        server.tell("fill 100", "subscriber 300000", "clock 0")
        slow = server.client().watch()
        idle_filter = server.client().watch(kinds=["usb"])
        quick, late = server.client().watch(), server.client().watch()
        for client in (quick, late, slow):
            client.until_ready()
        server.tell("burst 3000")
        for seq in range(101, 3101):
            assert quick.event()["seq"] == seq
        assert server.counter("subscribers_dropped") == 0
        server.tell("clock 9")
        for _ in range(2000):
            late.event()
        server.tell("clock 2")
        wait_until(lambda: server.counter("subscribers_dropped") > 0, "none is dropped")
        assert server.counter("subscribers_dropped") == 1
        assert slow.is_closed()
        server.tell("burst 10")
        assert [quick.event()["seq"] for _ in range(10)] == list(range(3101, 3111))
        for seq in range(2101, 3111):
            assert late.event()["seq"] == seq
        assert idle_filter.until_ready()
        assert "closed the subscriber" in server.said()


@case
def steady_subscriber():
    """one that is far behind but takes some is kept; it is closed when it stops"""
    with Server() as server:
        server.tell("fill 100", "subscriber 100000", "clock 0")
        steady = server.client().watch()
        steady.until_ready()
        server.tell("burst 4000")
        wait_until(lambda: server.status()["seq"] == 4100, "it does not end")
        for _ in range(4):
            assert len(steady.socket.recv(70000, socket.MSG_WAITALL)) == 70000
            server.expect_rest()  # it has seen that some was taken
            server.tell("clock 11")
            server.expect_rest()
            assert server.counter("subscribers_dropped") == 0
        server.tell("clock 11")
        wait_until(lambda: server.counter("subscribers_dropped") > 0, "it is kept")
        assert server.counter("subscribers_dropped") == 1


@case
def lost_events():
    """a subscriber whose next event has left the ring is closed; one whose filter skips it is not"""
    with Server(ring=3000) as server:
        server.tell("fill 100")
        slow = server.client().watch()
        idle_filter = server.client().watch(types=["device.removed"])
        slow.until_ready()
        idle_filter.until_ready()
        server.tell("burst 9000", "remove pci:1000:00:00.0")
        wait_until(lambda: server.counter("subscribers_dropped") > 0, "none is dropped")
        assert server.counter("subscribers_dropped") == 1
        assert slow.is_closed()
        assert idle_filter.event()["type"] == "device.removed"


@case
def stuck_snapshot():
    """a snapshot that is not read does not count as behind, but what follows it must be kept"""
    with Server(ring=5000) as server:
        server.tell("fill 3000", "subscriber 1000000")
        stuck = server.client().watch(snapshot=True)
        assert stuck.event()["type"] == "device.added"
        server.tell("burst 100", "clock 60", "burst 100", "clock 60", "burst 1")
        server.expect_rest()
        assert server.counter("subscribers_dropped") == 0
        events = stuck.until_ready()
        assert len(events) == 3000
        for seq in range(3001, 3202):
            assert stuck.event()["seq"] == seq


@case
def stuck_filtered_snapshot():
    """a snapshot that is not read survives the loss of events which its filter skips"""
    with Server(ring=500) as server:
        seq = server.tell("fill 3000")
        stuck = server.client().watch(snapshot=True, types=["device.added"])
        stuck.event()
        server.tell("burst 2000")
        wait_until(lambda: server.status()["seq"] == seq + 2000, "it does not end")
        assert server.counter("subscribers_dropped") == 0
        server.tell("add usb:1-2 other")
        assert len(stuck.until_ready()) == 3000
        assert stuck.event()["seq"] == seq + 2001


# --- the packaged client ---

@case
def packaged_client():
    """the packaged Python client parses the interface, and it names every key of every reply"""
    fetch = subprocess.run(["tests/socket/fetch-python-varlink"], capture_output=True, text=True,
                           env=dict(os.environ, BUILD=BUILD))
    if fetch.returncode != 0:
        raise Skip(fetch.stderr.strip().splitlines()[-1])
    with Server() as server:
        server.tell("add pci:0000:01:00.0 t4", "add usb:1-2 key")
        checked = subprocess.run(
            ["/usr/bin/python3", "tests/socket/packaged_client.py", server.path],
            capture_output=True, text=True, env=dict(os.environ, PYTHONPATH=fetch.stdout.strip()))
        assert checked.returncode == 0, checked.stderr
