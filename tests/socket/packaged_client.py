# SPDX-License-Identifier: GPL-2.0-or-later
"""Python's varlink package against the socket argv[1]; exit status 0 if all is as described.

The package drops keys that the description does not have, so each reply is compared with the one
that a raw client gets.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import varlink
from harness import Client

path = sys.argv[1]
address = "unix:" + path
METHODS = [
    ("Status", {}), ("ListDevices", {}), ("ListDevices", {"kind": "usb"}),
    ("GetDevice", {"device": "usb:1-2"}), ("ListGroups", {}), ("ListRules", {}),
    ("Explain", {"device": "pci:0000:01:00.0"}),
]


def without_counts(reply):
    """Status moves on between two calls."""
    for key in ("counters", "connections"):
        reply.get("status", {}).pop(key, None)
    return reply


with varlink.Client(address=address) as client:
    assert client.get_interfaces() is not None
    with client.open("org.hostdevd") as service:
        for method, parameters in METHODS:
            packaged = getattr(service, method)(**parameters)
            raw = Client(path).call("org.hostdevd." + method, parameters)
            assert without_counts(packaged) == without_counts(raw), (method, packaged, raw)
        try:
            service.GetDevice(device="nothing")
            raise SystemExit("no error")
        except varlink.VarlinkError as error:
            assert error.error() == "org.hostdevd.NoSuchDevice", error.error()
        assert service.Reload()["moves"][0]["to"] == "a10"
    with client.open("org.hostdevd") as service:
        packaged, raw = [], Client(path).watch(snapshot=True)
        for reply in service.Watch(snapshot=True, _more=True):
            packaged.append(reply["event"])
            if packaged[-1]["type"] == "ready":
                break
        expected = raw.until_ready()
        for event in packaged + expected:
            del event["usec"]
        assert packaged == expected, (packaged, expected)
