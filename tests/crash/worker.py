# SPDX-License-Identifier: GPL-2.0-or-later
"""A client in a process of its own that claims and releases without pause, and keeps a ledger.

It talks to the rig over a pipe: "go" with the instances that there are makes it work until the
daemon closes the connection, then it sends its ledger and waits for the next "go".
"""
import collections
import os
import random
import signal
import subprocess
import time

from ledger import Ledger, is_of, unused
from place import Connection, Error

GONE = (EOFError, ConnectionError, FileNotFoundError)
NO_CHANGE = ("NoDeviceAvailable", "Timeout", "Busy", "StorageFailed")


class Worker:
    """One client. Its VMs and its tenant are nobody else's."""

    def __init__(self, name, path, pipe, seed):
        self.path, self.pipe = path, pipe
        self.random = random.Random(f"{seed} {name}")
        self.ledger = Ledger(name)
        self.client = None
        self.lives = {}  # token: the connection that the claim lives as long as
        self.claims = {}  # token: what was asked for
        self.children = {}  # pid: what to reap
        self.count = 0
        self.statistics = collections.Counter()

    def run(self):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            order, argument = self.pipe.recv()
            if order == "end":
                break
            try:
                self.work(argument)
            except GONE:
                pass
            except Exception as error:  # pylint: disable=broad-except
                self.pipe.send(("failed", f"{self.ledger.name}: {error!r}", {}))
                break
            for connection in [self.client, *self.lives.values()]:
                if connection:
                    connection.close()
            self.client, self.lives = None, {}
            self.ledger.children = list(self.children)
            self.pipe.send(("stopped", self.ledger, dict(self.statistics)))
            self.statistics.clear()
        for child in self.children.values():
            child.kill()
            child.wait()

    def work(self, instances):
        self.ledger.adopt(instances)
        for record in self.ledger.have.values():
            if record["over"] == "closed":  # the daemon went first: it lives as long as we do
                record["over"] = None
        self.forget_children()
        self.client = Connection(self.path)
        for token in list(self.claims):
            self.repeat(token)
        while True:
            self.random.choice(self.choices())()
            if self.random.random() < 0.3:
                time.sleep(self.random.random() * 0.003)

    def choices(self):
        """What it could do now, as often as it should be done."""
        have = [r for r in self.ledger.have.values() if not r["over"] and not r["use_over"]]
        plain = [r for r in have if "tenant" not in r["instance"]]
        thick = [r for r in have if "tenant" in r["instance"]]
        used = [r for r in thick if "vm" in r["instance"]]
        return [*[self.claim] * (6 if len(have) < 4 else 1), *[self.claim_thick] * (len(thick) < 3),
                *[lambda: self.end(have)] * bool(have), *[lambda: self.release(plain)] * bool(plain),
                *[lambda: self.bind(have)] * bool(have), *[lambda: self.use(thick)] * bool(thick),
                *[lambda: self.assign(thick)] * 2 * bool(thick),
                *[lambda: self.unassign(used)] * 2 * bool(used),
                *[lambda: self.release(thick)] * bool(thick), self.look,
                *[lambda: self.repeat(self.random.choice(list(self.claims)))] * bool(self.claims)]

    # ---- calls

    def call(self, doubt, method, client=None, **parameters):
        """The reply, or None if nothing was changed; in doubt until then."""
        self.ledger.doubt = doubt
        try:
            reply = (client or self.client).call(method, **parameters)
        except Error as error:
            name = error.name.rsplit(".", 1)[1]
            assert name in NO_CHANGE, f"{method} {parameters}: {error.name} {error.parameters}"
            self.statistics[f"{method}: {name}"] += 1
            reply = None
        self.ledger.doubt = None
        self.statistics[method] += reply is not None
        return reply

    def change(self, after, method, **parameters):
        """A call that makes of instances what `after` says, or nothing."""
        reply = self.call({"after": after}, method, **parameters)
        if reply is None:
            return
        for key, instance in after.items():
            if instance is None:
                self.ledger.drop(key)
            else:
                self.ledger.have[key]["instance"] = instance
        self.forget_children()

    def name(self, what):
        self.count += 1
        return f"{self.ledger.name}.{what}{self.count}"

    def child(self):
        process = subprocess.Popen(["sleep", "1000"], stdin=subprocess.DEVNULL)
        self.children[process.pid] = process
        return process.pid

    def forget_children(self):
        """Ends those that nothing lives by any more."""
        wanted = {r["instance"].get(k) for r in self.ledger.have.values() for k in ("pid", "vm_pid")}
        for pid in [pid for pid in self.children if pid not in wanted]:
            self.kill(pid)

    def kill(self, pid):
        child = self.children.pop(pid)
        child.kill()
        child.wait()

    # ---- what it does

    def claim(self):
        owner = {"vm": f"{self.ledger.name}.{self.random.randrange(3)}"}
        self.claim_for(owner, self.random.choice(["explicit", "process", "connection"]))

    def claim_thick(self):
        self.claim_for({"tenant": f"{self.ledger.name}.t"}, "explicit")

    def claim_for(self, owner, life):
        parameters = {"group": "gpus", "count": self.random.choice([1, 1, 2, 3]), **owner}
        terms = {**owner, "life": life}
        client = None
        if life == "process":
            parameters["pid"] = terms["pid"] = self.child()
        elif life == "connection":
            parameters["life"] = life
            client = Connection(self.path)
        if life == "connection" or self.random.random() < 0.7:
            parameters["token"] = terms["token"] = self.name("token")
            self.claims[parameters["token"]] = parameters
        if self.random.random() < 0.3:
            parameters["wait_ms"] = 20
        reply = self.call({"new": parameters["count"], "terms": terms}, "Claim", client, **parameters)
        self.take(parameters, client, reply)

    def take(self, parameters, client, reply):
        """What came of a claim of new instances."""
        token = parameters.get("token")
        if reply is None:
            self.claims.pop(token, None)
            if client:
                client.close()
        else:
            assert len(reply["instances"]) == parameters["count"], reply
            for one in reply["instances"]:
                self.ledger.add(one)
            if client:
                self.lives[token] = client
        self.forget_children()

    def repeat(self, token):
        """The token again: the same instances, or new ones if nothing of it was, or is, there."""
        parameters = self.claims[token]
        of_token = {key: r for key, r in self.ledger.have.items()
                    if r["instance"].get("token") == token}
        if any(r["over"] for r in of_token.values()):
            return
        if not of_token:
            del self.claims[token]
            return
        client = Connection(self.path) if "life" in parameters else None
        if client and any(r["instance"]["life"] != "connection" for r in of_token.values()):
            client.close()  # bound to a process since
            return
        reply = self.call({"after": {k: r["instance"] for k, r in of_token.items()}}, "Claim", client,
                          **parameters)
        assert reply is not None or client, "a known token needs no disk"
        if reply is None:
            client.close()
            return
        found = {one["id"] for one in reply["instances"]}
        assert found == set(of_token), f"{token} was {set(of_token)} and gives {found}"
        self.statistics["token again"] += 1
        if client:
            before, self.lives[token] = self.lives.get(token), client
            if before:
                before.close()

    def end(self, records):
        """Kills a process, or closes a connection."""
        instance = self.random.choice(records)["instance"]
        token = instance.get("token")
        if instance["life"] == "connection" and token in self.lives:
            for record in self.ledger.have.values():
                if record["instance"].get("token") == token and \
                        record["instance"]["life"] == "connection":
                    record["over"] = record["over"] or "closed"
            self.lives.pop(token).close()
            self.statistics["closed"] += 1
        for key, over in (("pid", "over"), ("vm_pid", "use_over")):
            pid = instance.get(key)
            if pid not in self.children:
                continue
            for record in self.ledger.have.values():
                if record["instance"].get("pid") == pid:
                    record["over"] = "dead"
                if record["instance"].get("vm_pid") == pid:
                    record["use_over"] = "dead"
            self.kill(pid)
            self.statistics["killed"] += 1
            return

    def look(self):
        """Every promise must hold at any time."""
        instances = self.client.call("ListInstances")["instances"]
        self.ledger.compare(instances)
        mine = [one for one in instances if is_of(self.ledger.name, one)]
        assert all(one["state"] == "ready" for one in mine), mine
        self.ledger.adopt(instances)
        self.forget_children()

    def release(self, records):
        instance = self.random.choice(records)["instance"]
        owner = instance.get("tenant") or instance["vm"]
        all_of_owner = {k: r for k, r in self.ledger.have.items()
                        if (r["instance"].get("tenant") or r["instance"]["vm"]) == owner}
        busy = any(r["instance"]["life"] == "process" or r["over"] or r["use_over"] or
                   ("tenant" in instance and "vm" in r["instance"]) for r in all_of_owner.values())
        if not busy and self.random.random() < 0.4:
            self.change(dict.fromkeys(all_of_owner), "Release",
                        **{"tenant" if "tenant" in instance else "vm": owner})
        elif instance["life"] != "process" and ("tenant" not in instance or "vm" not in instance):
            self.change({instance["id"]: None}, "Release", instance=instance["id"],
                        generation=instance["generation"])

    def use(self, thick):
        """A VM of the tenant claims from what the tenant holds."""
        tenant, vm = thick[0]["instance"]["tenant"], self.name("u")
        count = self.random.choice([1, 1, 2])
        terms = {"vm": vm, "vm_life": "explicit"}
        reply = self.call({"use": vm, "count": count, "terms": terms}, "Claim", group="gpus",
                          tenant=tenant, vm=vm, count=count)
        for one in reply["instances"] if reply else ():
            record = self.ledger.have[one["id"]]
            assert "vm" not in record["instance"] or record["use_over"], one
            assert one == {**unused(record["instance"]), **terms}, one
            record.update(instance=one, use_over=None)

    def assign(self, thick):
        instance = self.random.choice(thick)["instance"]
        if "vm" in instance:
            return
        parameters = {"vm": self.name("u")}
        after = {**instance, **parameters, "vm_life": "explicit"}
        if self.random.random() < 0.5:
            parameters["pid"] = self.child()
            after.update(vm_life="process", vm_pid=parameters["pid"])
        self.change({instance["id"]: after}, "Assign", instance=instance["id"], **parameters)

    def unassign(self, used):
        instance = self.random.choice(used)["instance"]
        if instance["vm_life"] != "process":
            self.change({instance["id"]: unused(instance)}, "Unassign", instance=instance["id"])

    def bind(self, records):
        instance = self.random.choice(records)["instance"]
        use = "tenant" in instance and "vm" in instance
        if instance["vm_life" if use else "life"] == "process" or self.random.random() < 0.5:
            return
        pid = self.child()
        after = {**instance, **({"vm_life": "process", "vm_pid": pid} if use else
                                {"life": "process", "pid": pid})}
        self.change({instance["id"]: after}, "Bind", instance=instance["id"], pid=pid)


def start(name, path, pipe, seed):
    """The pid of a new process that is a worker."""
    pid = os.fork()
    if pid == 0:
        try:
            Worker(name, path, pipe, seed).run()
        finally:
            os._exit(0)
    return pid
