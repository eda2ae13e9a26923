# SPDX-License-Identifier: GPL-2.0-or-later
"""Python's varlink package as a user's program: prints what it lists, explains and watches.

argv: socket, device. One line of JSON each; the watch ends after two groups were joined.
"""
import json
import sys

import varlink

path, device = sys.argv[1:]
with varlink.Client(address="unix:" + path) as client:
    with client.open("org.hostdevd") as service:
        print(json.dumps(service.ListDevices()), flush=True)
        print(json.dumps(service.Explain(device=device)), flush=True)
    with client.open("org.hostdevd") as service:
        joined = 0
        for reply in service.Watch(_more=True):
            event = reply["event"]
            print(json.dumps(event), flush=True)
            joined += event["type"] == "group.joined"
            if joined == 2:
                break
