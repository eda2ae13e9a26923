# SPDX-License-Identifier: GPL-2.0-or-later
"""The real daemon under test: started in a folder of its own, spoken to in raw Varlink."""
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

BUILD = os.environ.get("BUILD", "build")
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MACHINE = "/sys/bus/pci/devices"  # this machine's own
DEADLINE = 300.0  # seconds: only a test that fails waits so long, however busy the machine is


class Skip(Exception):
    """The rig for a case is not here; says why."""


class Error(Exception):
    """An error reply."""

    def __init__(self, reply):
        super().__init__(reply["error"], reply["parameters"])
        self.name = reply["error"]
        self.parameters = reply["parameters"]


class Connection:
    """One connection; calls in order, replies as objects."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(path)
        self.buffer = b""

    def send(self, method, more=False, **parameters):
        call = {"method": f"org.hostdevd.{method}" if "." not in method else method,
                "parameters": parameters}
        if more:
            call["more"] = True
        self.socket.sendall(json.dumps(call).encode() + b"\0")

    def receive(self):
        while b"\0" not in self.buffer:
            data = self.socket.recv(1 << 20)
            if not data:
                raise EOFError("the daemon closed the connection")
            self.buffer += data
        frame, self.buffer = self.buffer.split(b"\0", 1)
        reply = json.loads(frame)
        if "error" in reply:
            raise Error(reply)
        return reply

    def call(self, method, **parameters):
        self.send(method, **parameters)
        return self.receive()["parameters"]

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Watch(Connection):
    """A subscriber that keeps a model by applying events, and can wait for one."""

    def __init__(self, path, **parameters):
        super().__init__(path)
        self.devices = {}
        self.events = []
        self.ready = None
        self.send("Watch", more=True, **parameters)
        while self.ready is None:
            self.next()

    def next(self, timeout=DEADLINE):
        self.socket.settimeout(timeout)
        event = self.receive()["parameters"]["event"]
        self.events.append(event)
        self.apply(event)
        return event

    def apply(self, event):
        kind = event["type"]
        device = event.get("device", {})
        if kind in ("device.added", "device.changed"):
            self.devices[device["id"]] = dict(device)
        elif kind == "device.removed":
            del self.devices[device["id"]]
        elif kind == "group.joined":
            self.devices[device["id"]]["group"] = event["group"]
        elif kind == "group.left":
            self.devices[device["id"]].pop("group", None)
        elif kind == "ready":
            self.ready = event

    def catch_up(self, seq):
        """Takes all up to this one."""
        while self.events[-1]["seq"] < seq:
            self.next()

    def wait(self, what, **wanted):
        """The next event of type `what` whose members (`id` is the device's) are `wanted`."""
        deadline = time.monotonic() + DEADLINE
        while True:
            event = self.next(max(0.1, deadline - time.monotonic()))
            members = dict(event, id=event.get("device", {}).get("id"))
            if event["type"] == what and all(members.get(k) == v for k, v in wanted.items()):
                return event

    def quiet(self, seconds=0.3):
        """What arrives within so long; for cases in which nothing may."""
        found = []
        try:
            while True:
                found.append(self.next(seconds))
        except (TimeoutError, socket.timeout):
            return found


class Subscriber(Watch):
    """Applies events in a thread of its own, and takes none that tells no difference."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.problem = None
        self.closing = False
        self.last = None
        super().__init__(path, snapshot=True)
        self.start = len(self.events)
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def apply(self, event):
        known = self.devices.get(event.get("device", {}).get("id"))
        with self.lock:
            if event["type"] == "device.changed":
                assert known and event["device"] != known and event["changed"], event
            elif event["type"] == "device.added":
                assert known is None, event
            if self.ready:
                assert event["seq"] == self.last + 1, event
            self.last = event["seq"]
            super().apply(event)

    def follow(self):
        try:
            while True:
                self.next(None)
        except Exception as problem:  # pylint: disable=broad-except
            if not self.closing:
                self.problem = problem

    def model(self):
        assert not self.problem, self.problem
        with self.lock:
            return dict(self.devices)

    def news(self):
        """The events since the last time it was asked."""
        assert not self.problem, self.problem
        found = self.events[self.start:]
        self.start += len(found)
        return found

    def catch_up(self, seq):
        wait_until(lambda: self.problem or self.last >= seq, "an event does not come")

    def types(self):
        """Of all events that the daemon has published."""
        with Connection(self.path) as connection:
            self.catch_up(connection.call("Status")["status"]["seq"])
        return [event["type"] for event in self.news()]

    def count(self, kind):
        return sum(event["type"] == kind for event in self.events)

    def close(self):
        self.closing = True
        self.socket.shutdown(2)
        self.thread.join(DEADLINE)
        super().close()


class Daemon:
    """hostdevd with rules, state and socket in a temporary folder.

    JOURNAL_STREAM=log in its environment: its log is the journal's, with priorities.
    """

    def __init__(self, rules, *options, wrapper=(), config="", environment=None):
        self.folder = tempfile.mkdtemp(prefix="hostdevd-test-", dir="/dev/shm")
        self.socket = f"{self.folder}/socket"
        self.rules = f"{self.folder}/rules.d"
        self.log = f"{self.folder}/log"
        os.mkdir(self.rules)
        self.write_rules(rules)
        with open(f"{self.folder}/hostdevd.conf", "w", encoding="utf-8") as stream:
            stream.write(config)
        self.command = [*wrapper, f"{os.path.abspath(BUILD)}/hostdevd", "--config",
                        f"{self.folder}/hostdevd.conf", "--rules", self.rules, "--state",
                        f"{self.folder}/state", "--socket", self.socket, *options]
        self.environment = dict(os.environ, **(environment or {}))
        self.process = None
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            if self.environment.get("JOURNAL_STREAM") == "log":
                file = os.fstat(log.fileno())
                self.environment["JOURNAL_STREAM"] = f"{file.st_dev}:{file.st_ino}"
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=self.environment)
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}: {self.read_log()}")
            try:
                self.call("Status")  # who can connect may still wait for the first scan
                return
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.01)
        raise AssertionError(f"does not listen: {self.read_log()}")

    def write_rules(self, text, name="50-test.conf"):
        with open(f"{self.rules}/{name}", "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(f"{self.rules}/{name}", 0o644)

    def connect(self):
        return Connection(self.socket)

    def watch(self, **parameters):
        return Watch(self.socket, **parameters)

    def call(self, method, **parameters):
        connection = self.connect()
        try:
            return connection.call(method, **parameters)
        finally:
            connection.close()

    def devices(self):
        return {device["id"]: device for device in self.call("ListDevices")["devices"]}

    def client(self, *arguments):
        """Runs hostdevctl: (status, stdout, stderr)."""
        done = subprocess.run([f"{BUILD}/hostdevctl", "--socket", self.socket, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=DEADLINE, check=False)
        return done.returncode, done.stdout, done.stderr

    def read_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as stream:
            return stream.read()

    def stop(self, how=signal.SIGTERM):
        """Ends the daemon; it must end well, unless it is killed."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(DEADLINE)
        if how == signal.SIGTERM:
            assert status == 0, f"ended with {status}: {self.read_log()}"

    def close(self):
        try:
            if self.process.poll() != -signal.SIGKILL:  # the case left it so
                self.stop()
        finally:
            shutil.rmtree(self.folder)


def build_shim(name):
    """tests/NAME.c as a library to be preloaded."""
    shim = f"{os.path.abspath(BUILD)}/tests/{name}.so"
    os.makedirs(os.path.dirname(shim), exist_ok=True)
    subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                    "-shared", "-fPIC", "-o", shim, f"{TOP}/tests/{name}.c", "-ldl"], check=True)
    return shim


def hold_machine(alone=False):
    """Until this process ends: whoever moves this machine's own devices does it alone, and those who
    see them, or hear their events, do not meanwhile. Another run, of another clone, is waited for."""
    if os.path.isdir(MACHINE):
        descriptor = os.open(MACHINE, os.O_RDONLY)
        os.set_inheritable(descriptor, True)  # to what this program becomes in namespaces
        fcntl.flock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)


def wait_until(holds, what):
    """`what` is said if it never holds: a text, or what gives one then."""
    deadline = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.002)


def counters(running):
    return running.call("Status")["status"]["counters"]


def drain(running):
    """Until all that was sent has been taken in and looked at: nothing is counted any more."""
    def settled():
        before = counters(running)
        time.sleep(0.2)
        after = counters(running)
        return all(before[name] == after[name] for name in
                              ("events", "looks", "overruns", "resyncs", "receive_errors"))
    wait_until(settled, "it does not come to rest")


def difference(one, other):
    return {name: (one.get(name), other.get(name)) for name in set(one) | set(other)
            if one.get(name) != other.get(name)}


class Tap:
    """Results as TAP on standard output, numbered as they come."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def result(self, good, name, *diagnosis):
        """The diagnosis is printed if it is not good."""
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}", flush=True)
        for line in () if good else diagnosis:
            print(f"# {line}", flush=True)

    def skip(self, name, why):
        self.result(True, f"{name} # SKIP {why}")

    def end(self):
        """Exits with the result."""
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)


def skip_all(what, why):
    """The rig for all cases of `what` is not here. Exits."""
    tap = Tap()
    tap.skip(what, why)
    tap.end()


def bind_case(case, function, title=None):
    """The case for run_cases, with `function`, which takes no argument, to run in its place."""
    function.__name__ = case.__name__
    function.__doc__ = title or case.__doc__
    return function


def run_cases(cases):
    """Runs functions as TAP cases, those whose names contain one of the arguments if there are any;
    the docstring's first line is the name. Exits with the result."""
    tap = Tap()
    words = sys.argv[1:]
    for case in cases:
        name = case.__doc__.splitlines()[0]
        if words and not any(word in case.__name__ for word in words):
            continue
        try:
            case()
            tap.result(True, name)
        except Skip as skip:
            tap.skip(name, skip)
        except Exception:  # pylint: disable=broad-except
            tap.result(False, name, *traceback.format_exc().splitlines())
    tap.end()
