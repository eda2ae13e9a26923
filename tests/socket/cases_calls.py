# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls and their answers, rude clients, limits."""
import json
import os
import time

from harness import (HOSTDEVD, SERVICE, Client, Closed, Server, case, error_of,
                     wait_until)
from hostdevd import Skip

NOBODY = 65534


def sanitized():
    return bool(os.environ.get("SANITIZE"))


def as_nobody(function):
    """Runs it in a child of another uid; what it returns."""
    if os.geteuid() != 0:
        raise Skip("needs root to become another user")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(writer, json.dumps(function()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        result = json.loads(answer.read())
    os.waitpid(child, 0)
    return result


# --- the service itself ---

@case
def get_info():
    """GetInfo names both interfaces, and each has a description"""
    with Server() as server:
        client = server.client()
        info = client.call(SERVICE + "GetInfo")
        assert info["interfaces"] == ["org.varlink.service", "org.hostdevd"], info
        assert set(info) == {"vendor", "product", "version", "url", "interfaces"}
        for interface in info["interfaces"]:
            text = client.call(SERVICE + "GetInterfaceDescription", {"interface": interface})
            assert "\ninterface %s\n" % interface in text["description"]
        with open("include/org.hostdevd.varlink") as file:
            assert text["description"] == file.read()


@case
def unknown_names():
    """unknown interface, method, parameter and wrong types are Varlink's own errors"""
    table = [
        ("org.nothing.Do", {}, "InterfaceNotFound", {"interface": "org.nothing"}),
        ("Do", {}, "InterfaceNotFound", {"interface": ""}),
        ("", {}, "InterfaceNotFound", {"interface": ""}),
        ("org.hostdevd.Do", {}, "MethodNotFound", {"method": "org.hostdevd.Do"}),
        ("org.hostdevd.", {}, "MethodNotFound", {"method": "org.hostdevd."}),
        ("org.hostdevd.Status", {"x": 1}, "InvalidParameter", {"parameter": "x"}),
        ("org.hostdevd.GetDevice", {}, "InvalidParameter", {"parameter": "device"}),
        ("org.hostdevd.GetDevice", None, "InvalidParameter", {"parameter": "device"}),
        ("org.hostdevd.GetDevice", {"device": None}, "InvalidParameter",
         {"parameter": "device"}),
        ("org.hostdevd.GetDevice", {"device": 7}, "InvalidParameter", {"parameter": "device"}),
        ("org.hostdevd.ListDevices", {"kind": "pcie"}, "InvalidParameter",
         {"parameter": "kind"}),
        ("org.hostdevd.ListDevices", {"state": "gone"}, "InvalidParameter",
         {"parameter": "state"}),
        ("org.hostdevd.Watch", {}, "ExpectedMore", {}),
        ("org.hostdevd.Reload", {"now": True}, "InvalidParameter", {"parameter": "now"}),
        (SERVICE + "GetInterfaceDescription", {"interface": "a.b"}, "InterfaceNotFound",
         {"interface": "a.b"}),
    ]
    with Server() as server:
        client = server.client()
        for method, parameters, name, want in table:
            error = error_of(client.call, method, parameters)
            error.parameters.pop("message")
            assert error.name == SERVICE + name, (method, error.name)
            assert error.parameters == want, (method, error.parameters)
        assert client.call(HOSTDEVD + "ListDevices", {"kind": None})["devices"] == []


@case
def oneway_and_upgrade():
    """oneway is never answered, not even with an error; upgrade is refused"""
    with Server() as server:
        client = server.client()
        for method in ("GetInfo", "Nothing"):
            client.send(SERVICE + method, {}, oneway=True)
        client.send(HOSTDEVD + "Watch", {}, oneway=True, more=True)
        client.send(HOSTDEVD + "Reload", {}, oneway=True)
        client.send(HOSTDEVD + "Status", {"wrong": 1}, oneway=True)
        assert client.is_quiet()
        assert client.call(HOSTDEVD + "ListGroups")["groups"], "only the last one is answered"
        assert len(client.call(HOSTDEVD + "ListRules")["rules"]) == 1, "the Reload was done"
        error = error_of(client.call, SERVICE + "GetInfo", {}, upgrade=True)
        assert error.name == SERVICE + "InvalidParameter"
        assert error.parameters["parameter"] == "upgrade"


@case
def lists():
    """lists, filters, one device, groups, rules and explain"""
    with Server() as server:
        server.tell("add pci:0000:01:00.0 t4", "add pci:0000:02:00.0 a10", "add usb:1-2 key",
                    "add usb:1-10 other")
        client = server.client()

        def ids(**parameters):
            reply = client.call(HOSTDEVD + "ListDevices", parameters)
            assert reply["seq"] == 7 and reply["epoch"] == "test-epoch", reply
            return [device["id"] for device in reply["devices"]]

        assert ids() == ["pci:0000:01:00.0", "pci:0000:02:00.0", "usb:1-2", "usb:1-10"]
        assert ids(kind="usb") == ["usb:1-2", "usb:1-10"]
        assert ids(group="t4") == ["pci:0000:01:00.0"]
        assert ids(state="unmatched") == ["usb:1-10"]
        assert ids(kind="usb", group="t4") == []
        error = error_of(client.call, HOSTDEVD + "ListDevices", {"state": "gone"})
        assert error.parameters["message"] == (
            "there is no state `gone`; the states are preparing, claimed, failed, unmatched, "
            "blocked, available"), error.parameters
        error = error_of(client.call, HOSTDEVD + "ListDevices", {"kind": "isa"})
        assert error.parameters["message"] == (
            "there is no kind `isa`; the kinds are pci, usb, sriov-nic, vgpu"), error.parameters
        error = error_of(client.call, HOSTDEVD + "ListDevices", {"group": "x"})
        assert (error.name, error.parameters["group"]) == (HOSTDEVD + "NoSuchGroup", "x")
        device = client.call(HOSTDEVD + "GetDevice", {"device": "usb:1-2"})
        assert device["device"]["group"] == "keys" and device["seq"] == 7, device
        for method in ("GetDevice", "Explain"):
            error = error_of(client.call, HOSTDEVD + method, {"device": "usb:9"})
            assert (error.name, error.parameters["device"]) == (
                HOSTDEVD + "NoSuchDevice", "usb:9")
        explained = client.call(HOSTDEVD + "Explain", {"device": "pci:0000:02:00.0"})
        assert explained["device"] == client.call(
            HOSTDEVD + "GetDevice", {"device": "pci:0000:02:00.0"})["device"]
        assert (explained["group"], explained["rule"]) == ("a10", "a10")
        assert [verdict["holds"] for verdict in explained["verdicts"]] == [False, True]
        groups = client.call(HOSTDEVD + "ListGroups")
        assert [(g["name"], g["devices"]) for g in groups["groups"]] == [
            ("a10", 1), ("keys", 1), ("t4", 1)], groups
        rules = client.call(HOSTDEVD + "ListRules")
        assert [(r["number"], r["matches"]) for r in rules["rules"]] == [(1, 1), (2, 1), (3, 1)]


@case
def lists_in_parts():
    """a list called with `more` answers in parts of 256 of one seq, and without in one"""
    with Server() as server:
        client = server.client()
        client.send(HOSTDEVD + "ListDevices", {}, more=True)
        assert client.receive() == {
            "parameters": {"seq": 0, "epoch": "test-epoch", "devices": []}}
        for count, sizes in ((256, [256]), (700, [256, 256, 188])):
            seq = server.tell("fill %d" % count)
            client.send(HOSTDEVD + "ListDevices", {}, more=True)
            parts = [client.receive()]
            while parts[-1].get("continues"):
                parts.append(client.receive())
            assert [len(part["parameters"]["devices"]) for part in parts] == sizes
            assert all(part["parameters"]["seq"] == seq for part in parts)
            joined = [device for part in parts for device in part["parameters"]["devices"]]
            assert joined == client.call(HOSTDEVD + "ListDevices")["devices"]
        client.send(HOSTDEVD + "ListRules", {}, more=True)
        assert "continues" not in client.receive()


@case
def reload():
    """Reload answers after its events with what moved, or with every error"""
    with Server() as server:
        server.tell("add pci:0000:01:00.0 t4", "add usb:1-2 key")
        client, watcher = server.client(), server.client().watch()
        watcher.until_ready()
        server.tell("reload bad")
        error = error_of(client.call, HOSTDEVD + "Reload")
        assert error.name == HOSTDEVD + "InvalidRules"
        assert error.parameters["errors"][0]["file"] == "/rules/test.conf"
        assert set(error.parameters["errors"][0]) == {"file", "line", "message", "hint"}
        assert watcher.is_quiet()
        server.tell("reload ok")
        reply = client.call(HOSTDEVD + "Reload")
        assert reply["moves"] == [
            {"device": "pci:0000:01:00.0", "from": "t4", "to": "a10"},
            {"device": "usb:1-2", "from": "keys"}], reply
        assert isinstance(reply["findings"], list)
        events = [watcher.event()]
        while events[-1]["type"] != "rules.reloaded":
            events.append(watcher.event())
        assert [event["type"] for event in events].count("group.left") == 2


@case
def not_permitted():
    """who is no admin may read but not reload, and that is counted"""
    with Server() as server:
        os.chmod(server.path, 0o666)

        def child():
            client = Client(server.path)
            client.call(HOSTDEVD + "Status")
            return error_of(client.call, HOSTDEVD + "Reload").name

        assert as_nobody(child) == HOSTDEVD + "NotPermitted"
        assert server.counter("calls_not_permitted") == 1
        assert len(server.client().call(HOSTDEVD + "ListRules")["rules"]) == 3


# --- rude clients ---

@case
def malformed():
    """what is no call closes the connection and is counted"""
    messages = [
        b"", b"x", b"{", b"[]", b"7", b"null", b'"method"', b"{}", b'{"method":7}',
        b'{"method":"a.B","method":"a.B"}', b'{"method":"a.B","other":1}',
        b'{"method":"a.B","parameters":[]}', b'{"method":"a.B","more":1}',
        b'{"method":"a.B","oneway":"yes"}', b'{"method":"a.B"} x', b'{"method":"a\xff.B"}',
        b'{"method":"a\\u0000.B"}', b'{"method":null}',
        b'{"parameters":{},"more":true}',
    ]
    with Server() as server:
        for message in messages:
            client = server.client()
            client.send_raw(message + b"\0")
            assert client.is_closed(), message
            client.close()
        assert server.counter("messages_malformed") == len(messages)


@case
def nested():
    """nesting beyond 32 is refused before anything recurses; 32 is not"""
    def message(depth):
        return (b'{"method":"org.hostdevd.Status","parameters":' + b'{"a":' * (depth - 1) + b"1" +
                b"}" * depth)

    with Server() as server:
        client = server.client()
        client.send_raw(message(32) + b"\0")
        assert "error" in client.receive(), "unknown parameter"
        client.send_raw(message(33) + b"\0")
        assert client.is_closed()
        for bracket in (b"[", b"{", b'{"a":'):
            client = server.client()
            client.send_raw(bracket * 10000 + b"\0")
            assert client.is_closed()
        quoted = server.client()
        quoted.send_raw(b'{"method":"' + b"[\\\"" * 100 + b'"}\0')
        assert "error" in quoted.receive(), "brackets in strings are no nesting"


@case
def huge():
    """a stream without end is closed at the limit, which is higher for admins"""
    with Server() as server:
        os.chmod(server.path, 0o666)

        def stream(total):
            client = Client(server.path)
            sent = 0
            try:
                while sent < total:
                    sent += client.socket.send(b" " * (1 << 20))
            except (BrokenPipeError, ConnectionResetError):
                pass
            return sent

        assert stream(1 << 30) < 20 << 20
        assert as_nobody(lambda: stream(1 << 30)) < 2 << 20
        assert server.counter("messages_too_large") == 2
        assert server.memory_kib() < 200 * 1024 * (4 if sanitized() else 1)


@case
def large_but_legal():
    """a message of just the limit is read, one byte more is not"""
    call = b'{"method":"org.hostdevd.Status"}'
    with Server() as server:
        os.chmod(server.path, 0o666)

        def child():
            client = Client(server.path)
            client.send_raw(call + b" " * (256 * 1024 - len(call)) + b"\0")
            first = "status" in client.parameters()
            try:
                client.send_raw(call + b" " * (256 * 1024 + 1 - len(call)) + b"\0")
            except BrokenPipeError:
                pass
            return [first, client.is_closed()]

        assert as_nobody(child) == [True, True]


@case
def trickle_and_silence():
    """a call may come byte by byte; half a call and silence costs nothing; then EOF closes"""
    with Server() as server:
        silent = server.client()
        silent.send_raw(b'{"method":"org.hostdevd.St')
        slow = server.client()
        for byte in b'{"method":"org.hostdevd.Status"}\0':
            slow.send_raw(bytes([byte]))
        assert "status" in slow.parameters()
        server.expect_rest()
        assert silent.is_quiet()
        silent.socket.shutdown(1)
        assert silent.is_closed()
        assert server.counter("messages_malformed") == 1


@case
def pipelined():
    """pipelined calls are answered in order; a client that does not read is slowed, not served"""
    with Server() as server:
        server.tell("fill 100")
        client = server.client()
        for number in range(300):
            client.send(HOSTDEVD + "GetDevice", {"device": "x%d" % number})
        for number in range(300):
            assert client.receive()["parameters"]["device"] == "x%d" % number
        deaf = server.client()
        deaf.socket.setblocking(False)
        message = b'{"method":"org.hostdevd.ListDevices"}\0' * 1000
        sent = 0
        try:
            while sent < 1 << 30:
                sent += deaf.socket.send(message[sent % 38:])
                time.sleep(0.001)
        except BlockingIOError:
            pass
        assert sent < 40 << 20, sent
        assert "status" in client.call(HOSTDEVD + "Status")
        server.expect_rest()
        assert server.memory_kib() < 100 * 1024 * (4 if sanitized() else 1)


@case
def half_closed():
    """after a half-close the pending and buffered calls are answered, then it closes; a Watch ends"""
    with Server() as server:
        server.tell("fill 3000")
        client = server.client()
        for _ in range(5):
            client.send(HOSTDEVD + "ListDevices")
        client.socket.shutdown(1)
        for _ in range(5):
            assert len(client.parameters()["devices"]) == 3000
        assert client.is_closed()
        watcher = server.client().watch()
        watcher.until_ready()
        watcher.socket.shutdown(1)
        assert watcher.is_closed()
        slow = server.client()
        slow.send(HOSTDEVD + "ListDevices")
        slow.socket.shutdown(1)
        server.expect_rest()
        assert len(slow.parameters()["devices"]) == 3000
        gone = server.client()
        gone.send(HOSTDEVD + "ListDevices")
        gone.close()
        status = server.client().call(HOSTDEVD + "Status")["status"]
        assert status["subscribers"] == 0, status


@case
def vanished():
    """clients that vanish in every state leave nothing behind"""
    with Server() as server:
        server.tell("fill 2000")
        for _ in range(50):
            for data in (b"", b"{", b'{"method":"org.hostdevd.ListDevices"}\0' * 3,
                         b'{"method":"org.hostdevd.Watch","more":true,'
                         b'"parameters":{"snapshot":true}}\0'):
                client = Client(server.path)
                client.send_raw(data)
                client.close()

        def nobody_is_left():
            client = Client(server.path)
            status = client.call(HOSTDEVD + "Status")["status"]
            client.close()
            return status["connections"] <= 2 and status["subscribers"] == 0
        wait_until(nobody_is_left, "somebody is left")


# --- limits ---

def connections_are(client, count):
    """Waits until the server, which this client asks, has only so many."""
    wait_until(lambda: client.call(HOSTDEVD + "Status")["status"]["connections"] == count,
               "not %d connections" % count)


@case
def closed_unread():
    """a subscriber that closes with events unread is noticed at once, without a spin"""
    with Server() as server:
        server.tell("add pci:0000:01:00.0 t4")
        watcher = server.client().watch()
        watcher.until_ready()
        server.tell("change pci:0000:01:00.0 a10")
        watcher.close()
        server.expect_rest()
        status = server.client().call(HOSTDEVD + "Status")["status"]
        assert status["subscribers"] == 0, status


@case
def idle_connections():
    """a thousand idle connections cost no time, and the limit closes the next"""
    with Server(connections=1000) as server:
        idle = [server.client() for _ in range(999)]
        last = server.client()
        assert last.call(HOSTDEVD + "Status")["status"]["connections"] == 1000
        over = server.client()
        assert over.is_closed()
        server.expect_rest()
        idle[0].close()
        connections_are(last, 999)
        assert server.counter("connections_refused") == 1


@case
def per_uid():
    """a user may have 64 connections, root any number"""
    with Server() as server:
        os.chmod(server.path, 0o666)
        keep = [server.client() for _ in range(70)]
        assert "status" in keep[-1].call(HOSTDEVD + "Status")

        def child():
            clients = [Client(server.path) for _ in range(65)]
            works = []
            for client in clients:
                try:
                    works.append("status" in client.call(HOSTDEVD + "Status"))
                except (Closed, BrokenPipeError):
                    works.append(False)
            connections = clients[1].call(HOSTDEVD + "Status")["status"]["connections"]
            clients[0].close()
            connections_are(clients[1], connections - 1)
            works.append("status" in Client(server.path).call(HOSTDEVD + "Status"))
            return works

        assert as_nobody(child) == [True] * 64 + [False, True]
        assert server.counter("connections_refused") == 1
        assert "uid %d" % NOBODY in server.said()


@case
def no_descriptor_left():
    """without descriptors clients are turned away, nothing spins, and later ones are served"""
    with Server(files=40) as server:
        clients = [server.client() for _ in range(60)]
        works = []
        for client in clients:
            try:
                works.append("status" in client.call(HOSTDEVD + "Status"))
            except (Closed, BrokenPipeError):
                works.append(False)
        assert works == sorted(works, reverse=True) and 20 < works.count(True) < 40, works
        server.expect_rest()
        for client in clients[1:]:
            client.close()
        connections_are(clients[0], 1)
        refused = server.counter("connections_refused")
        assert refused == works.count(False), (refused, works.count(False))
