# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls about instances: what is asked, what is answered, who is told, what a lost client means."""
import socket
import threading

from cases_calls import as_nobody
from harness import HOSTDEVD, SERVICE, Client, Server, case, error_of

WEEK = 7 * 86400000
T4 = {"group": "t4", "vm": "v"}


def machine(server, count):
    server.tell(*("add pci:0000:%02x:00.0 t4" % (number + 1) for number in range(count)))


def claim(client, **parameters):
    """The ids of the instances."""
    reply = client.call(HOSTDEVD + "Claim", {**T4, **parameters})
    return [instance["id"] for instance in reply["instances"]]


def instances(server, **parameters):
    return server.client().call(HOSTDEVD + "ListInstances", parameters)["instances"]


def types(events):
    return [event["type"] for event in events]


@case
def claim_parameters():
    """what a call about instances says wrongly is InvalidParameter, and nothing is done"""
    one = {"instance": "i-1"}
    table = [
        ("Claim", {"group": "t4"}, "vm"), ("Claim", {"vm": "v"}, "group"),
        ("Claim", {**T4, "vm": ""}, "vm"), ("Claim", {**T4, "vm": "v" * 129}, "vm"),
        ("Claim", {**T4, "vm": "a\nb"}, "vm"), ("Claim", {**T4, "vm": "a\x7f"}, "vm"),
        ("Claim", {**T4, "vm": "a\u0085"}, "vm"), ("Claim", {**T4, "tenant": ""}, "tenant"),
        ("Claim", {**T4, "token": ""}, "token"), ("Claim", {**T4, "token": "\t"}, "token"),
        ("Claim", {**T4, "count": 0}, "count"), ("Claim", {**T4, "count": 1025}, "count"),
        ("Claim", {**T4, "count": -1}, "count"), ("Claim", {**T4, "count": "1"}, "count"),
        ("Claim", {"device": "pci:0000:01:00.0", "vm": "v", "count": 2}, "count"),
        ("Claim", {**T4, "numa_node": -1}, "numa_node"),
        ("Claim", {**T4, "wait_ms": -1}, "wait_ms"),
        ("Claim", {**T4, "wait_ms": WEEK + 1}, "wait_ms"),
        ("Claim", {**T4, "bind_ms": 0}, "bind_ms"),
        ("Claim", {**T4, "bind_ms": WEEK + 1}, "bind_ms"),
        ("Claim", {**T4, "bind_ms": 5, "pid": 1}, "bind_ms"),
        ("Claim", {**T4, "life": "long"}, "life"), ("Claim", {**T4, "life": ""}, "life"),
        ("Claim", {**T4, "life": "process"}, "pid"),
        ("Claim", {**T4, "life": "explicit", "pid": 1}, "pid"),
        ("Claim", {**T4, "life": "connection", "pid": 1}, "pid"),
        ("Claim", {**T4, "pid": 0}, "pid"), ("Claim", {**T4, "pid": -1}, "pid"),
        ("Claim", {**T4, "force": True}, "force"),
        ("Assign", {"vm": "v"}, "instance"), ("Assign", one, "vm"),
        ("Assign", {**one, "vm": ""}, "vm"), ("Assign", {**one, "vm": "v", "life": "x"}, "life"),
        ("Assign", {**one, "vm": "v", "life": "process"}, "pid"),
        ("Assign", {**one, "vm": "v", "life": "explicit", "pid": 1}, "pid"),
        ("Unassign", {}, "instance"), ("Unassign", {**one, "vm": "v"}, "vm"),
        ("Bind", one, "pid"), ("Bind", {**one, "pid": 0}, "pid"),
        ("Bind", {"pid": 1}, "instance"), ("Bind", {**one, "vm": "v", "pid": 1}, "instance"),
        ("Release", {}, "instance"), ("Release", {**one, "vm": "v"}, "instance"),
        ("Release", {**one, "tenant": "t"}, "instance"),
        ("Release", {**one, "vm": "v", "tenant": "t"}, "instance"),
        ("Release", {**one, "generation": 0}, "generation"),
        ("Release", {"vm": "v", "generation": 1}, "generation"),
        ("Release", {**one, "force": 1}, "force"), ("AcceptLoss", {"now": True}, "now"),
        ("ListInstances", {"group": 7}, "group"),
    ]
    with Server() as server:
        machine(server, 2)
        client = server.client()
        for method, parameters, wrong in table:
            error = error_of(client.call, HOSTDEVD + method, parameters)
            assert error.name == SERVICE + "InvalidParameter", (method, parameters, error.name)
            assert error.parameters["parameter"] == wrong, (method, parameters, error.parameters)
        for method, parameters in (("Assign", {"vm": "v"}), ("Unassign", {}), ("Release", {}),
                                   ("Bind", {"pid": 1})):
            for id_ in ("i-9", "7", "i-", "i-01", "i-99999999999999999999", "I-1", ""):
                error = error_of(client.call, HOSTDEVD + method, {**parameters, "instance": id_})
                assert error.name == HOSTDEVD + "NoSuchInstance", (method, id_, error.name)
                assert error.parameters["instance"] == id_, error.parameters
        assert instances(server) == []


@case
def claim_limits_are_allowed():
    """the least and the most that a call may say is taken as it is"""
    with Server() as server:
        machine(server, 9)
        client = server.client()
        for number, extra in enumerate((
                {"vm": "v" * 128}, {"vm": "\u20ac" * 42 + "vv"}, {"token": "t" * 128},
                {"wait_ms": 0}, {"wait_ms": WEEK}, {"bind_ms": WEEK},
                {"life": "process", "pid": 1}, {"pid": 2 ** 31 - 1, "numa_node": 2 ** 62},
                {"life": "explicit", "vm": None, "tenant": "t"}), 1):
            assert claim(client, **extra) == ["i-%d" % number], extra
        told = instances(server)
        assert [one["life"] for one in told] == ["explicit"] * 6 + ["process"] * 2 + ["explicit"]
        assert told[6]["pid"] == 1 and "pid" not in told[0] and told[8]["tenant"] == "t"
        error = error_of(client.call, HOSTDEVD + "Claim", {**T4, "count": 1024})
        assert error.name == HOSTDEVD + "NoDeviceAvailable", error.name


@case
def answers_about_instances():
    """each method answers as its description says, and every error names what it is about"""
    with Server() as server:
        machine(server, 3)
        client = server.client()
        one, = client.call(HOSTDEVD + "Claim", {"device": "pci:0000:02:00.0", "tenant": "blue"})[
            "instances"]
        assert one["device"] == "pci:0000:02:00.0" and one["group"] == "t4" and "vm" not in one
        assert one["state"] == "ready" and one["generation"] == 1, one
        assert one["attach"]["qemu"] == "vfio-pci,host=0000:02:00.0", one
        used = client.call(HOSTDEVD + "Assign", {"instance": "i-1", "vm": "a"})["instance"]
        assert (used["vm"], used["vm_life"]) == ("a", "explicit"), used
        error = error_of(client.call, HOSTDEVD + "Assign", {"instance": "i-1", "vm": "b"})
        assert error.name == HOSTDEVD + "Busy", error.name
        assert error.parameters["device"] == one["device"], error.parameters
        assert isinstance(error.parameters["reasons"], list), error.parameters
        error = error_of(client.call, HOSTDEVD + "Release", {"tenant": "blue"})
        assert error.name == HOSTDEVD + "Busy", error.name
        free = client.call(HOSTDEVD + "Unassign", {"instance": "i-1"})["instance"]
        assert "vm" not in free and "vm_life" not in free, free
        claim(client, vm="p")
        bound = client.call(HOSTDEVD + "Bind", {"vm": "p", "pid": 77, "instance": None})
        assert [(i["life"], i["pid"]) for i in bound["instances"]] == [("process", 77)]
        assert client.call(HOSTDEVD + "Release", {"vm": "p", "force": True}) == {
            "released": ["i-2"]}
        for parameters, name, key, value in (
                ({"group": "x", "vm": "v"}, "NoSuchGroup", "group", "x"),
                ({"device": "usb:9", "vm": "v"}, "NoSuchDevice", "device", "usb:9"),
                ({"device": one["device"], "vm": "v"}, "Busy", "device", one["device"])):
            error = error_of(client.call, HOSTDEVD + "Claim", parameters)
            assert error.name == HOSTDEVD + name, (parameters, error.name)
            assert error.parameters[key] == value, error.parameters
        error = error_of(client.call, HOSTDEVD + "Claim", {**T4, "count": 3})
        assert error.name == HOSTDEVD + "NoDeviceAvailable", error.name
        error = error_of(
            client.call, HOSTDEVD + "Release", {"instance": "i-1", "generation": 2})
        assert error.name == HOSTDEVD + "StaleGeneration", error.name
        assert client.call(HOSTDEVD + "Release", {"instance": "i-1", "generation": 1}) == {
            "released": ["i-1"]}
        assert client.call(HOSTDEVD + "Release", {"tenant": "blue"}) == {"released": []}
        assert client.call(HOSTDEVD + "AcceptLoss")["status"]["counts"]["instances"] == 0


@case
def list_instances():
    """ListInstances by group, VM and tenant, in parts for who asks with `more`"""
    with Server() as server:
        server.tell("fill 600", "add pci:0000:01:00.0 t4", "add pci:0000:02:00.0 a10",
                    "add usb:1-2 key")
        client = server.client()
        claim(client)
        claim(client, group="a10", vm=None, tenant="blue")
        client.call(HOSTDEVD + "Assign", {"instance": "i-2", "vm": "v"})
        claim(client, group="keys", vm="w")

        def ids(**parameters):
            return [one["id"] for one in instances(server, **parameters)]

        assert ids() == ["i-1", "i-2", "i-3"]
        assert ids(group="a10") == ["i-2"] and ids(vm="v") == ["i-1", "i-2"]
        assert ids(tenant="blue") == ["i-2"] and ids(vm="w", group="t4") == []
        error = error_of(client.call, HOSTDEVD + "ListInstances", {"group": "x"})
        assert error.name == HOSTDEVD + "NoSuchGroup", error.name
        client.call(HOSTDEVD + "Release", {"tenant": "blue", "vm": "v"})
        assert ids(vm="v") == ["i-1"]
        client.call(HOSTDEVD + "Release", {"vm": "v"})
        assert ids() == ["i-2", "i-3"], "VM v, and not the tenant's"
        server.tell(*("add pci:0001:%02x:%02x.0 t4" % (n >> 5, n & 31) for n in range(600)))
        claim(client, count=600)
        client.send(HOSTDEVD + "ListInstances", {"group": "t4"}, more=True)
        parts = [client.receive()]
        while parts[-1].get("continues"):
            parts.append(client.receive())
        found = [one["id"] for part in parts for one in part["parameters"]["instances"]]
        assert len(parts) == 3 and found == ["i-%d" % n for n in range(4, 604)]
        assert len({part["parameters"]["seq"] for part in parts}) == 1


def until_resync(watch):
    events = [watch.event()]
    while events[-1]["type"] != "resync":
        events.append(watch.event())
    return events


@case
def instance_events():
    """events of instances: numbered with all others, filtered by group and kind, in a snapshot too"""
    with Server() as server:
        machine(server, 2)
        server.tell("add usb:1-2 key")
        everything, t4, usb, only = (server.client().watch(**filters) for filters in (
            {}, {"groups": ["t4"]}, {"kinds": ["usb"]}, {"types": ["instance.released"]}))
        for watch in (everything, t4, usb, only):
            watch.until_ready()
        client = server.client()
        claim(client)
        claim(client, group="keys")
        client.call(HOSTDEVD + "Release", {"instance": "i-1"})
        events = []
        while not events or events[-1]["type"] != "instance.released":
            events.append(everything.event())
        seqs = [event["seq"] for event in events]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        created = [event for event in events if event["type"] == "instance.created"]
        assert [event["instance"]["id"] for event in created] == ["i-1", "i-2"]
        assert created[0]["instance"]["device"] == "pci:0000:01:00.0"
        assert events[-1]["instance"]["id"] == "i-1"
        assert only.event() == events[-1] and only.is_quiet()
        wanted = [e for e in events if e.get("instance", {}).get("group") == "t4"]
        server.tell("resync")  # which everybody is told
        for watch in (everything, only):
            assert watch.event()["type"] == "resync"
        assert [e for e in until_resync(t4) if "instance" in e] == wanted
        found = until_resync(usb)
        assert [e["instance"]["id"] for e in found if "instance" in e] == ["i-2"], found
        claim(client, device="pci:0000:02:00.0")
        server.tell("remove pci:0000:02:00.0")
        snapshot = server.client().watch(snapshot=True).until_ready()
        told = [(e["type"], e.get("device", e.get("instance"))["id"]) for e in snapshot[:-1]]
        assert told == [
            ("device.added", "pci:0000:01:00.0"), ("group.joined", "pci:0000:01:00.0"),
            ("device.added", "usb:1-2"), ("group.joined", "usb:1-2"),
            ("instance.created", "i-2"), ("instance.created", "i-3")], told
        assert snapshot[-2]["instance"] == instances(server)[1]
        assert snapshot[-2]["instance"]["state"] == "missing"
        assert {event["seq"] for event in snapshot} == {snapshot[-1]["seq"]}
        keys = server.client().watch(snapshot=True, groups=["keys"]).until_ready()
        assert types(keys) == ["device.added", "group.joined", "instance.created", "ready"], keys
        t4 = server.client().watch(snapshot=True, groups=["t4"], kinds=["pci"]).until_ready()
        assert types(t4)[-2:] == ["instance.created", "ready"], "a missing one is of its group"


@case
def connection_lives():
    """a `connection` claim ends with its connection, however that ends, and with no other's"""
    with Server() as server:
        machine(server, 3)
        for how in ("close", "shutdown", "garbage"):
            one, other = server.client(), server.client()
            assert len(claim(one, life="connection", vm="x")) == 1
            assert len(claim(other, life="connection", vm="y")) == 1
            watch = server.client().watch()
            watch.until_ready()
            if how == "close":
                one.close()
            elif how == "shutdown":
                one.socket.shutdown(socket.SHUT_WR)
            else:
                one.send_raw(b"garbage\0")
            while watch.event()["type"] != "instance.released":
                pass
            assert [i["vm"] for i in instances(server)] == ["y"], how
            other.close()
            while watch.event()["type"] != "instance.released":
                pass
            assert instances(server) == []
        for _ in range(20):  # its end is first noticed by answering it
            hasty = server.client()
            hasty.send(HOSTDEVD + "Claim", {**T4, "life": "connection"})
            hasty.close()
            while watch.event()["type"] != "instance.created":
                pass
            while watch.event()["type"] != "instance.released":
                pass


@case
def waiting_claims():
    """a waiting Claim holds up its own connection only; a client that is gone has left the queue"""
    with Server() as server:
        machine(server, 1)
        server.tell("clock 0")  # time stands still
        holder = server.client()
        held, = claim(holder)
        first, second, third, fourth = (server.client() for _ in range(4))
        for number, client in enumerate((first, second, third, fourth)):
            client.send(HOSTDEVD + "Claim", {**T4, "vm": "w%d" % number, "wait_ms": 60000})
            client.send(HOSTDEVD + "Status")
            server.expect_rest()  # so that they come in this order
        assert first.is_quiet()
        assert holder.call(HOSTDEVD + "Status")["status"]["counts"]["instances"] == 1
        first.close()
        second.socket.shutdown(socket.SHUT_WR)  # it takes no more calls, and wants its answers
        third.socket.shutdown(socket.SHUT_WR)
        server.expect_rest()
        third.close()
        server.expect_rest()
        holder.call(HOSTDEVD + "Release", {"instance": held})
        mine, = second.parameters()["instances"]
        assert mine["vm"] == "w1" and "status" in second.parameters()
        assert second.is_closed()
        assert fourth.is_quiet()
        holder.call(HOSTDEVD + "Release", {"instance": mine["id"]})
        assert fourth.parameters()["instances"][0]["vm"] == "w3", "the third was gone"


@case
def timeout_of_a_claim():
    """a Claim that waits too long is Timeout, and then the connection goes on"""
    with Server() as server:
        machine(server, 1)
        server.tell("clock 0")
        claim(server.client())
        client = server.client()
        client.send(HOSTDEVD + "Claim", {**T4, "vm": "late", "wait_ms": 5000})
        client.send(HOSTDEVD + "Status")
        server.expect_rest()  # it waits
        server.tell("clock 4")
        assert client.is_quiet()
        server.tell("clock 2")
        error = error_of(client.parameters)
        assert error.name == HOSTDEVD + "Timeout", error.name
        assert "status" in client.parameters()


@case
def rights_on_instances():
    """only who claimed it, and admins, may change an instance; only the allowed may claim"""
    with Server() as server:
        machine(server, 2)
        claim(server.client())
        path = server.path

        def foreign():
            client = Client(path)
            calls = (("Claim", T4), ("Release", {"instance": "i-1"}), ("Release", {"vm": "v"}),
                     ("Bind", {"instance": "i-1", "pid": 1}), ("AcceptLoss", {}))
            return [error_of(client.call, HOSTDEVD + name, what).name for name, what in calls]

        assert as_nobody(foreign) == [HOSTDEVD + "NotPermitted"] * 5
        assert len(instances(server)) == 1
        assert server.counter("calls_not_permitted") == 5


@case
def race_of_claims():
    """200 clients that want one of 50 devices at once: 50 get one each, the others are told (16)"""
    with Server(per_uid=500) as server:
        machine(server, 50)
        clients = [server.client() for _ in range(200)]
        barrier = threading.Barrier(8)

        def ask(part):
            barrier.wait()
            for number in range(part, 200, 8):
                clients[number].send(HOSTDEVD + "Claim", {**T4, "vm": "v%d" % number})

        threads = [threading.Thread(target=ask, args=(part,)) for part in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        replies = [client.receive() for client in clients]
        given = [r["parameters"]["instances"][0] for r in replies if "error" not in r]
        assert len({one["device"] for one in given}) == len(given) == 50
        assert {r["error"] for r in replies if "error" in r} == {HOSTDEVD + "NoDeviceAvailable"}


@case
def claims_one_way():
    """a Claim that is called one way is carried out and not answered"""
    with Server() as server:
        machine(server, 1)
        client = server.client()
        client.send(HOSTDEVD + "Claim", T4, oneway=True)
        client.send(HOSTDEVD + "Claim", {"vm": "v"}, oneway=True)
        assert len(client.call(HOSTDEVD + "ListInstances")["instances"]) == 1
        assert client.is_quiet()
