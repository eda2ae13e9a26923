# SPDX-License-Identifier: GPL-2.0-or-later
"""Taking devices: which, how many, who first, and who may."""
import itertools
import signal
import subprocess
import threading

from place import NOBODY, Model, as_user, pci, place, plug, pull, refused, wait_until

DAEMON, GAMES = 1, 60


def one_claim():
    """a claim gives one available device, which is offered to nobody else until its release (20)"""
    with place(gpus=2) as running:
        with Model(running.socket, snapshot=True) as watch:
            one = running.claim_one(vm="a")
            assert (one["id"], one["device"], one["vm"], one["life"]) == (
                "i-1", pci(1), "a", "explicit"), one
            assert (one["group"], one["uid"], one["generation"], one["state"]) == (
                "gpus", 0, 1, "ready"), one
            assert one["attach"]["qemu"] == "vfio-pci,host=0000:01:00.0"
            assert one["attach"]["libvirt"].startswith("<hostdev ") and \
                "managed='yes'" in one["attach"]["libvirt"]
            device = running.devices()[pci(1)]
            assert (device["state"], device["instance"]) == ("claimed", "i-1"), device
            assert running.instances() == [one]
            group, = (g for g in running.call("ListGroups")["groups"] if g["name"] == "gpus")
            assert (group["claimed"], group["available"], group["devices"]) == (1, 1, 2), group
            assert running.claim_one(vm="b")["device"] == pci(2)
            running.refused("NoDeviceAvailable", "Claim", group="gpus", vm="c")
            assert running.release(instance="i-1") == ["i-1"]
            assert running.devices()[pci(1)]["state"] == "available"
            assert "instance" not in running.devices()[pci(1)]
            assert running.claim_one(vm="d")["id"] == "i-3", "numbers are not used twice"
            watch.follow(running)
            assert [t for t in watch.types() if t.startswith("instance.")] == [
                "instance.created", "instance.created", "instance.released", "instance.created"]


def answer_follows_event():
    """whoever has the answer to a claim finds it in lists, and its event comes before seq goes on"""
    with place(gpus=1) as running, running.connect() as client:
        client.send("Claim", group="gpus", vm="v")
        client.send("ListInstances")
        one, = client.receive()["parameters"]["instances"]
        assert client.receive()["parameters"]["instances"] == [one]


def all_or_none():
    """a claim of several gives all or none"""
    with place(gpus=3) as running:
        running.refused("NoDeviceAvailable", "Claim", group="gpus", vm="v", count=4)
        assert running.instances() == []
        assert [one["device"] for one in running.claim(count=3)] == [pci(1), pci(2), pci(3)]


def named_device():
    """a named device is given, or Busy with its reasons; of another group it is an error"""
    with place(gpus=2, nics=1) as running:
        one, = running.call("Claim", device=pci(2), vm="v")["instances"]
        assert (one["device"], one["group"]) == (pci(2), "gpus")
        busy = running.refused("Busy", "Claim", device=pci(2), vm="w")
        assert busy["device"] == pci(2) and isinstance(busy["reasons"], list), busy
        running.refused("NoSuchDevice", "Claim", device=pci(7), vm="w")
        running.refused("NoSuchGroup", "Claim", group="x", vm="w")
        assert running.held() == {pci(2): "v"}


def queue_in_order():
    """who waits is served in order: one who wants two is not overtaken, nor by who does not wait"""
    with place(gpus=1) as running:
        running.claim_one(vm="holder")
        two = running.waiter(vm="two", count=2)
        one = running.waiter(vm="one")
        running.release(vm="holder")
        running.refused("NoDeviceAvailable", "Claim", group="gpus", vm="hasty")
        plug(2)
        assert len(two.receive()["parameters"]["instances"]) == 2
        running.refused("NoDeviceAvailable", "Claim", group="gpus", vm="hasty")
        plug(3)
        assert one.receive()["parameters"]["instances"][0]["device"] == pci(3)
        two.close()
        one.close()


def wait_is_over():
    """a wait that is over is Timeout, and its place in the queue is gone"""
    with place(gpus=1) as running:
        running.claim_one(vm="holder")
        running.refused("Timeout", "Claim", group="gpus", vm="w", wait_ms=50)
        running.refused("NoDeviceAvailable", "Claim", group="gpus", vm="w", wait_ms=0)
        running.release(vm="holder")
        assert running.held() == {}
        assert running.claim_one(vm="next")["device"] == pci(1)


def close_leaves_queue():
    """a client that closes its connection while it waits has left the queue"""
    with place(gpus=1) as running:
        running.claim_one(vm="holder")
        gone, stays = running.waiter(vm="gone"), running.waiter(vm="stays")
        gone.close()
        wait_until(lambda: running.call("Status")["status"]["connections"] == 2)
        running.release(vm="holder")
        assert stays.receive()["parameters"]["instances"][0]["vm"] == "stays"
        assert running.held() == {pci(1): "stays"}
        stays.close()


def half_closed():
    """a client that sends no more still gets what it waits for; one that is gone does not (18)"""
    with place(gpus=1) as running:
        running.claim_one(vm="holder")
        gone, stays = running.waiter(vm="gone"), running.waiter(vm="stays")
        for client in (gone, stays):
            client.socket.shutdown(1)
        wait_until(lambda: running.call("Status")["status"]["connections"] == 3)
        gone.close()
        wait_until(lambda: running.call("Status")["status"]["connections"] == 2)
        running.release(vm="holder")
        assert stays.receive()["parameters"]["instances"][0]["vm"] == "stays"
        stays.close()


def one_connection():
    """a waiting claim holds up later calls of its own connection, and nobody else's"""
    with place(gpus=1) as running:
        running.claim_one(vm="holder")
        waiting = running.waiter()
        waiting.send("Status")
        assert running.call("Status")["status"]["counts"]["instances"] == 1
        running.release(vm="holder")
        assert waiting.receive()["parameters"]["instances"]
        assert waiting.receive()["parameters"]["status"]
        waiting.close()


def pipelined():
    """calls in a row on one connection are carried out and answered in order"""
    with place(gpus=3) as running, running.connect() as client:
        for number in range(30):
            client.send("Claim", group="gpus", vm=f"v{number}")
            client.send("Release", vm=f"v{number}")
        for number in range(30):
            one, = client.receive()["parameters"]["instances"]
            assert one["id"] == f"i-{number + 1}"
            assert client.receive()["parameters"]["released"] == [one["id"]]


def race():
    """200 clients that race for 50 devices: each is given once, and 150 are told that none is (16)"""
    with place(gpus=50) as running:
        clients = [running.connect() for _ in range(200)]
        start = threading.Barrier(8)

        def ask(part):
            start.wait()
            for number in range(part, 200, 8):
                clients[number].send("Claim", group="gpus", vm=f"v{number}")

        threads = [threading.Thread(target=ask, args=(part,)) for part in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        given, none = [], 0
        for client in clients:
            try:
                given += client.receive()["parameters"]["instances"]
            except Exception as error:  # pylint: disable=broad-except
                assert "NoDeviceAvailable" in repr(error), repr(error)
                none += 1
            client.close()
        assert (len(given), none) == (50, 150)
        assert len({one["device"] for one in given}) == 50
        assert len({one["id"] for one in given}) == 50
        assert running.instances() == sorted(given, key=lambda one: int(one["id"][2:]))


def race_of_turns():
    """devices go round between many waiting clients: each is held by one at a time, none starves"""
    with place(gpus=2) as running:
        holders, problems, lock = {}, [], threading.Lock()

        def work(name):
            with running.connect() as client:
                for _ in range(10):
                    one, = client.call("Claim", group="gpus", vm=name, wait_ms=60000)["instances"]
                    with lock:
                        if one["device"] in holders:
                            problems.append((name, one, dict(holders)))
                        holders[one["device"]] = name
                    with lock:
                        del holders[one["device"]]
                    client.call("Release", instance=one["id"], generation=one["generation"])

        threads = [threading.Thread(target=work, args=(f"v{n}",)) for n in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems, problems
        assert running.instances() == []
        assert running.claim_one(vm="last")["id"] == "i-101"


def owner_gets_its_own():
    """an owner gets the device that it had last, while no other has had it (17)"""
    with place(gpus=3) as running:
        for name in ("a", "b", "c"):
            running.claim_one(vm=name)
        for name in ("a", "b", "c"):
            running.release(vm=name)
        assert running.claim_one(vm="c")["device"] == pci(3)
        assert running.claim_one(vm="b")["device"] == pci(2)
        running.restart()
        running.release(vm="b")
        assert running.claim_one(vm="b")["device"] == pci(2)


def preference_while_waiting():
    """a device that came back to a queue goes to its head, whoever had it last (17)"""
    with place(gpus=1) as running:
        running.claim_one(vm="had")
        first = running.waiter(vm="first")
        running.release(vm="had")
        assert first.receive()["parameters"]["instances"][0]["vm"] == "first"
        running.refused("NoDeviceAvailable", "Claim", group="gpus", vm="had")
        first.close()


def who_may_claim():
    """a group's `allow` names who may claim, as users and groups; without it, admins may"""
    with place(gpus=2, nics=1) as running:
        def may(uid, group, groups=()):
            def ask():
                with running.connect() as client:
                    one, = client.call("Claim", group=group, vm="v")["instances"]
                    client.call("Release", instance=one["id"])
                    return one["uid"]
            return as_user(uid, ask, groups)

        assert may(NOBODY, "gpus") == NOBODY
        assert may(DAEMON, "gpus", [GAMES]) == DAEMON
        for uid, group in ((DAEMON, "gpus"), (NOBODY, "nics"), (GAMES, "gpus"), (NOBODY, "ours")):
            refused("NotPermitted", may, uid, group)
        assert running.claim_one("nics")["uid"] == 0
        assert running.claim_one("gpus")["uid"] == 0
        log = running.read_log()
        assert "50-test.conf:" in log and "no-such-user" in log, log


def names_are_looked_up_again():
    """who is allowed changes with the rules, at once"""
    with place(gpus=1) as running:
        def ask():
            with running.connect() as client:
                return client.call("Claim", group="gpus", vm="v")["instances"][0]["uid"]

        refused("NotPermitted", as_user, DAEMON, ask)
        with open(f"{running.rules}/50-test.conf", encoding="utf-8") as stream:
            text = stream.read()
        running.write_rules(text.replace('"nobody", "@games"', '"daemon"'))
        running.call("Reload")
        assert as_user(DAEMON, ask) == DAEMON
        running.release(vm="v")
        refused("NotPermitted", as_user, NOBODY, ask)


def names_change():
    """a group of users that has another number is looked up again by SIGHUP, with bad rules too"""
    with place(gpus=1) as running:
        def ask():
            with running.connect() as client:
                one, = client.call("Claim", group="gpus", vm="v")["instances"]
                client.call("Release", instance=one["id"])

        as_user(DAEMON, ask, [GAMES])
        with open("/etc/group", encoding="utf-8") as stream:
            names = stream.read()
        with open(f"{running.folder}/group", "w", encoding="utf-8") as stream:
            stream.write(names.replace(f"games:x:{GAMES}:", "games:x:61234:"))
        running.write_rules("nonsense")
        subprocess.run(["mount", "--bind", f"{running.folder}/group", "/etc/group"], check=True)
        try:
            running.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "refused" in running.read_log())
            refused("NotPermitted", as_user, DAEMON, ask, [GAMES])
            as_user(DAEMON, ask, [61234])
        finally:
            subprocess.run(["umount", "/etc/group"], check=True)


def assigned_groups():
    """a group with `owners` is for them only, up to the most that each may hold"""
    from place import plug_usb
    with place() as running:
        for number in range(1, 4):
            plug_usb(f"1-{number}", serial=f"OUR{number}", devnum=str(number + 1))
        wait_until(lambda: len(running.devices()) == 3)
        running.refused("NotPermitted", "Claim", group="ours", vm="db")
        running.refused("NotPermitted", "Claim", group="ours", tenant="red")
        running.refused("NoDeviceAvailable", "Claim", group="ours", tenant="blue", count=2)
        assert running.claim_one("ours", vm="web-1")
        assert running.claim_one("ours", tenant="blue")
        running.refused("NoDeviceAvailable", "Claim", group="ours", tenant="blue")
        assert running.claim_one("ours", vm="web-2")


def gone_while_claimed():
    """a device that is pulled while it is claimed stays its owner's, and comes back to it (21)"""
    with place(gpus=2) as running:
        with Model(running.socket, snapshot=True) as watch:
            running.claim_one(vm="v")
            pull(1)
            watch.wait("instance.missing")
            missing, = running.instances()
            assert missing["state"] == "missing" and "attach" not in missing, missing
            group, = (g for g in running.call("ListGroups")["groups"] if g["name"] == "gpus")
            assert (group["missing"], group["devices"]) == (1, 1), group
            assert running.claim_one(vm="w")["device"] == pci(2)
            running.refused("NoDeviceAvailable", "Claim", group="gpus", vm="x")
            plug(1)
            watch.wait("instance.returned")
            assert running.instances()[0]["state"] == "ready"
            assert running.devices()[pci(1)]["instance"] == "i-1"
            running.refused("NoDeviceAvailable", "Claim", group="gpus", vm="x")
            watch.follow(running)


def another_in_its_place():
    """another device in a missing one's slot is nobody's; the instance still waits for its own (21)"""
    with place(gpus=1, nics=0) as running:
        running.claim_one(vm="v")
        pull(1)
        wait_until(lambda: running.instances()[0]["state"] == "missing")
        plug(1, (0x8086, 0x1521))
        wait_until(lambda: pci(1) in running.devices())
        assert running.devices()[pci(1)]["state"] == "available"
        assert running.instances()[0]["state"] == "missing"
        assert running.claim_one("nics", vm="w")["device"] == pci(1)
        assert running.client("release", "01:00.0") == (0, "i-2\n", "")  # who has it now
        assert [one["id"] for one in running.instances()] == ["i-1"]


def usb_comes_back():
    """a USB device that is plugged again, with another number and port, is the same instance (21)"""
    from place import plug_usb, pull_usb
    with place() as running:
        plug_usb("1-1", serial="S1", devnum="5")
        plug_usb("1-2", serial="S2", devnum="6")
        wait_until(lambda: len(running.devices()) == 2)
        one, = running.call("Claim", device="usb:1-1", vm="v")["instances"]
        with Model(running.socket, snapshot=True) as watch:
            pull_usb("1-1")
            watch.wait("instance.missing")
            plug_usb("1-7", serial="S1", devnum="9")
            watch.wait("instance.returned")
            again, = running.instances()
            assert (again["id"], again["device"]) == (one["id"], "usb:1-7"), again
            assert "hostport=7" in again["attach"]["qemu"]
            assert "device='9'" in again["attach"]["libvirt"]
            watch.follow(running)


def rules_cannot_lose_a_group():
    """a reload without a group that has instances is refused, and names them"""
    with place(gpus=1) as running:
        running.claim_one(vm="v")
        running.write_rules('groups = ( { name = "nics"; kind = "pci"; } ); rules = ();')
        errors = running.refused("InvalidRules", "Reload")["errors"]
        assert any("gpus" in e["message"] and "i-1" in e["message"] for e in errors), errors
        assert running.devices()[pci(1)]["instance"] == "i-1"
        running.release(vm="v")
        running.call("Reload")


def start_without_a_group():
    """a start that finds a group with instances gone, or of another kind, keeps it for them"""
    with place(gpus=2, nics=1) as running:
        running.claim_one(vm="v")
        running.claim_one("nics", vm="v")
        running.stop()
        running.write_rules("""
            groups = ( { name = "gpus"; kind = "usb"; }, { name = "all"; kind = "pci"; } );
            rules = ( { name = "stick"; group = "gpus"; match = ( ("vendor_id", "eq", "046d") ); },
                      { name = "any"; group = "all"; match = ( ("slot", "cs", ":") ); } );""")
        running.start()
        groups = {one["name"]: one for one in running.call("ListGroups")["groups"]}
        assert {name: (one["kind"], one["rules"], one["claimed"]) for name, one in groups.items()} \
            == {"gpus": ("pci", 0, 1), "nics": ("pci", 0, 1), "all": ("pci", 1, 0)}, groups
        assert running.devices()[pci(2)]["group"] == "all"
        assert running.call("Status")["status"]["rules"] == "stale"
        log = running.read_log()
        assert log.count("group gpus has instances") == log.count("group nics has instances") == 1
        running.refused("InvalidRules", "Reload")
        running.release(vm="v")
        assert [one["name"] for one in running.call("ListGroups")["groups"]] == ["all"]
        running.call("Reload")
        assert running.call("Status")["status"]["rules"] != "stale"
        assert [one["name"] for one in running.call("ListGroups")["groups"]] == ["all", "gpus"]


def membership_is_frozen():
    """new rules do not move a claimed device out of its group; after its release they do"""
    with place(gpus=1) as running:
        running.claim_one(vm="v")
        with open(f"{running.rules}/50-test.conf", encoding="utf-8") as stream:
            text = stream.read()
        running.write_rules(text.replace('"eq", "10de:1eb8"', '"eq", "ffff:ffff"')
                            .replace('"eq", "8086:1521"', '"eq", "10de:1eb8"'))
        running.call("Reload")
        assert running.devices()[pci(1)]["group"] == "gpus"
        running.release(vm="v")
        wait_until(lambda: running.devices()[pci(1)].get("group") == "nics")


def model_agrees():
    """events applied to a snapshot are what the lists say, whatever was done"""
    with place(gpus=6) as running:
        with Model(running.socket, snapshot=True) as early:
            for step in itertools.count():
                if step == 40:
                    break
                if step % 4 < 2:
                    running.claim(vm=f"v{step % 5}", count=1 + step % 2)
                elif step % 4 == 2:
                    (pull if step % 8 == 2 else plug)(1)
                else:
                    running.release(vm=f"v{(step - 3) % 5}")
                    running.release(vm=f"v{(step - 2) % 5}")
            wait_until(lambda: len(running.devices()) == 6)
            early.follow(running)
            with Model(running.socket, snapshot=True) as late:
                late.follow(running)
                assert late.instances == early.instances
                assert late.devices.keys() == early.devices.keys()


CASES = [one_claim, answer_follows_event, all_or_none, named_device, queue_in_order, wait_is_over,
         close_leaves_queue, half_closed, one_connection, pipelined, race, race_of_turns,
         owner_gets_its_own, preference_while_waiting, who_may_claim, names_are_looked_up_again,
         names_change, assigned_groups, gone_while_claimed, another_in_its_place, usb_comes_back,
         rules_cannot_lose_a_group, start_without_a_group, membership_is_frozen, model_agrees]
