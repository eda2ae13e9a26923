# SPDX-License-Identifier: GPL-2.0-or-later
"""What one client was promised, and whether the daemon keeps to it.

A ledger is plain data, since it goes from one process to another:
  have   by id: `instance` as it was last acknowledged; `over`: its process was killed ("dead") or
         its connection closed ("closed"), so it may be gone; `use_over`: likewise, of a VM's use
  gone   ids that were acknowledged as released, or seen to be gone
  doubt  the one call that was sent and not answered, or None:
         {"new": count, "token"}             a claim
         {"use": vm, "count"}                a tenant's VM takes what the tenant has
         {"after": {id: instance or None}}   what the call would make of instances; None: released
"""
FIELDS = ("id", "device", "group", "vm", "tenant", "uid", "life", "pid", "vm_life", "vm_pid",
          "token", "generation", "since")
USE = ("vm", "vm_life", "vm_pid")


def facts(instance, without=()):
    """What must not change by itself."""
    return {key: instance[key] for key in FIELDS if key in instance and key not in without}


def unused(instance):
    return {key: value for key, value in instance.items() if key not in USE}


def is_of(name, instance):
    return (instance.get("tenant") or instance["vm"]).split(".")[0] == name


def number(key):
    return int(key[2:])


class Ledger:
    """See above; `name` is what all its owners' names begin with."""

    def __init__(self, name):
        self.name = name
        self.have = {}
        self.gone = set()
        self.doubt = None
        self.children = []  # pids of all processes that were started to live by

    def add(self, instance):
        assert instance["id"] not in self.have and instance["id"] not in self.gone, \
            f"{instance['id']} was given out before"
        self.have[instance["id"]] = {"instance": instance, "over": None, "use_over": None}

    def drop(self, key):
        del self.have[key]
        self.gone.add(key)

    def compare(self, instances):
        """Asserts that these, all that there are, keep every promise."""
        found = {one["id"]: one for one in instances if is_of(self.name, one)}
        back = self.gone & set(found)
        assert not back, f"{back} were released and are back"
        self._compare_doubt(found)
        for key, record in self.have.items():
            after = (self.doubt or {}).get("after", {})
            if key in found:
                allowed = list(self._allowed(record, after.get(key)))
                assert facts(found[key]) in allowed, \
                    f"{facts(found[key])} is none of {allowed}; in doubt: {self.doubt}"
            else:
                assert record["over"] or (key in after and after[key] is None), \
                    f"{facts(record['instance'])} is gone; in doubt: {self.doubt}"

    def _allowed(self, record, after):
        instance = record["instance"]
        yield facts(instance)
        if record["use_over"]:
            yield facts(unused(instance))
        if after:
            yield facts(after)
        if self.doubt and "use" in self.doubt and ("vm" not in instance or record["use_over"]):
            yield facts({**unused(instance), **self.doubt["terms"]})

    def _compare_doubt(self, found):
        new = [one for key, one in found.items() if key not in self.have]
        doubt = self.doubt or {}
        count = doubt.get("new", 0)
        assert len(new) in (0, count), f"{new} were promised to nobody; in doubt: {doubt}"
        for one in new:
            expected = {**one, **doubt["terms"]}
            assert one == expected, f"{one} is not what was asked for: {doubt}"
        if "use" in doubt:
            used = [one for one in found.values() if one.get("vm") == doubt["use"]]
            assert len(used) in (0, doubt["count"]), f"{used}: a part of {doubt}"
        self._compare_after(found, doubt.get("after", {}))

    def _compare_after(self, found, after):
        """All of a change, or nothing of it."""
        done = [key for key, one in after.items() if facts(found.get(key, {})) == facts(one or {})]
        same = [key for key in after if facts(found.get(key, {})) ==
                facts(self.have[key]["instance"])]
        assert len(done) == len(after) or len(same) == len(after) or \
            any(self.have[key]["over"] or self.have[key]["use_over"] for key in after), \
            f"a part of {after} was done: {found}"

    def adopt(self, instances):
        """After compare: takes what there is for what was promised; nothing is in doubt any more."""
        found = {one["id"]: one for one in instances if is_of(self.name, one)}
        for key in [key for key in self.have if key not in found]:
            self.drop(key)
        for key, one in found.items():
            if key not in self.have:
                self.add(one)
            record = self.have[key]
            if one.get("vm") != record["instance"].get("vm"):  # not the use that is over
                record["use_over"] = None
            record["instance"] = one
        self.doubt = None

    def overdue(self, instances):
        """Those that must go by themselves and are not gone: their process is dead.

        One whose Bind was in doubt may live by another process since.
        """
        found = {one["id"]: one for one in instances}
        def same(key, record, what):
            return found[key].get(what) == record["instance"].get(what)

        return [found[key] for key, record in self.have.items() if key in found and (
            (record["over"] == "dead" and same(key, record, "life") and same(key, record, "pid")) or
            (record["use_over"] == "dead" and "vm" in found[key] and same(key, record, "vm")))]


class World:
    """What holds over all clients and all runs of the daemon."""

    def __init__(self):
        self.seen = {}  # what never changes of each instance that anybody was told of
        self.released = set()  # that a subscriber was told of

    def note(self, instance):
        key = instance["id"]
        fixed = tuple(instance.get(f) for f in ("device", "group", "tenant", "uid", "generation"))
        fixed += (instance["vm"],) if "tenant" not in instance else ()
        assert self.seen.setdefault(key, fixed) == fixed, \
            f"{key} was {self.seen[key]} and is {fixed}: an id was used again"

    def compare(self, instances, devices):
        for one in instances:
            self.note(one)
            assert one["id"] not in self.released, f"{one} was told to be released"
        holds = {one["device"]: one["id"] for one in instances}
        assert len(holds) == len(instances), f"a device is held twice: {instances}"
        for device in (one for one in devices if "group" in one):
            assert device.get("instance") == holds.pop(device["id"], None), device
            assert device["state"] == ("claimed" if "instance" in device else "available"), device
        assert not holds, f"instances of devices that are not there: {holds}"
        latest = {}
        for key in sorted(self.seen, key=number):
            device, generation = self.seen[key][0], self.seen[key][4]
            assert generation > latest.get(device, 0), \
                f"{key}: generation {generation} of {device} after {latest[device]}"
            latest[device] = generation
