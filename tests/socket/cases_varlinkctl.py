# SPDX-License-Identifier: GPL-2.0-or-later
"""systemd's own client, which is stricter than Python's: Debian has it from 13 on."""
import json
import shutil
import subprocess

from harness import DEADLINE, Server, case
from hostdevd import Skip

INTERFACE = "include/org.hostdevd.varlink"


def varlinkctl(*arguments):
    """(exit status, stdout, stderr)"""
    ended = subprocess.run(["varlinkctl", *arguments], text=True, capture_output=True,
                           timeout=DEADLINE, check=False, stdin=subprocess.DEVNULL)
    return ended.returncode, ended.stdout, ended.stderr


def well(*arguments):
    status, said, complaint = varlinkctl(*arguments)
    assert status == 0 and complaint == "", (status, said, complaint)
    return said


def call(server, method, parameters):
    return json.loads(well("call", "-j", server.path, method, json.dumps(parameters)))


def interface_is_valid():
    """varlinkctl validate-idl takes the interface"""
    well("validate-idl", INTERFACE)


def interface_is_listed():
    """varlinkctl list-methods and introspect show every method, and complain of nothing"""
    with open(INTERFACE, encoding="utf-8") as stream:
        methods = {line.split()[1].split("(")[0] for line in stream if line.startswith("method ")}
    with Server() as server:
        listed = well("list-methods", server.path, "org.hostdevd").split()
        assert {"org.hostdevd." + name for name in methods} == set(listed), listed
        shown = well("introspect", server.path, "org.hostdevd")
        assert all("method " + name + "(" in shown for name in methods), shown


def calls():
    """varlinkctl call gives what a raw client gets"""
    with Server() as server:
        server.tell("add pci:0000:01:00.0 t4", "add usb:1-2 key")
        for method, parameters in (
                ("ListDevices", {}), ("ListGroups", {}), ("ListRules", {}), ("ListInstances", {}),
                ("GetDevice", {"device": "usb:1-2"}), ("Explain", {"device": "usb:1-2"})):
            name = "org.hostdevd." + method
            assert call(server, name, parameters) == server.client().call(name, parameters), name
        shown = call(server, "org.hostdevd.Status", {})["status"]
        assert set(shown) == set(server.client().call("org.hostdevd.Status")["status"]), shown


def watches():
    """varlinkctl call --more prints a snapshot, and each event as it comes"""
    with Server() as server:
        server.tell("add usb:1-2 key")
        with subprocess.Popen(
                ["varlinkctl", "call", "-j", "--more", "--timeout=infinity", server.path,
                 "org.hostdevd.Watch", '{"snapshot": true}'],
                stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as client:
            try:
                types = []
                while not types or types[-1] != "ready":
                    types.append(read_event(client)["type"])
                assert types[0] == "device.added", types
                server.tell("add usb:1-3 stick")
                event = read_event(client)
                assert event["device"]["id"] == "usb:1-3", event
            finally:
                client.kill()


def read_event(client):
    line = client.stdout.readline()
    assert line, "it ended"
    return json.loads(line.lstrip("\x1e"))["event"]


def errors():
    """varlinkctl shows an error's name and parameters, and fails"""
    with Server() as server:
        for method, parameters, name in (
                ("GetDevice", {"device": "usb:9-9"}, "org.hostdevd.NoSuchDevice"),
                ("Claim", {"group": "nothing", "vm": "web"}, "org.hostdevd.NoSuchGroup"),
                ("Release", {"vm": 5}, None)):
            status, said, complaint = varlinkctl("call", "-j", server.path, "org.hostdevd." + method,
                                                 json.dumps(parameters))
            assert status == 1, (method, status)
            assert name is None or name in complaint, complaint
            assert json.loads(said)["message"], said


def no_client():
    """systemd's varlinkctl reads and calls all of the interface"""
    raise Skip("no varlinkctl: systemd is older than 257")


if shutil.which("varlinkctl"):
    for one in (interface_is_valid, interface_is_listed, calls, watches, errors):
        case(one)
else:
    case(no_client)
