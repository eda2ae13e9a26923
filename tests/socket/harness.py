# SPDX-License-Identifier: GPL-2.0-or-later
"""A server under test, and raw Varlink clients."""
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from hostdevd import DEADLINE, Error, wait_until  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
SERVICE = "org.varlink.service."
HOSTDEVD = "org.hostdevd."

cases = []


def case(function):
    """A case: they run in the order of the files."""
    cases.append(function)
    return function


class Server:
    """tests/socket/server.c in a process of its own; see there for the commands."""

    def __init__(self, ring=65536, ring_bytes=64 << 20, connections=2000, per_uid=64, files=4096):
        self.folder = tempfile.TemporaryDirectory(prefix="hostdevd-socket-")
        os.chmod(self.folder.name, 0o755)
        self.path = os.path.join(self.folder.name, "made", "test.sock")
        self.errors = open(os.path.join(self.folder.name, "stderr"), "w+")
        arguments = [self.path, ring, ring_bytes, connections, per_uid, files]
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "tests/socket/server")] + [str(a) for a in arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        assert self.process.stdout.readline() == "ready\n", self.said()
        self.clients = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.close()
        self.process.stdin.close()
        try:
            status = self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        said = self.said()
        self.process.stdout.close()
        self.errors.close()
        self.folder.cleanup()
        assert status == 0, "server ended with %s: %s" % (status, said)

    def said(self):
        self.errors.seek(0)
        return self.errors.read()

    def tell(self, *lines):
        """Has the lines carried out; the seq after the last of them."""
        return self._tell(lines)[0]

    def _tell(self, lines):
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()
        for _ in lines:
            answer = self.process.stdout.readline()
        return [int(word) for word in answer.split()[1:]]

    def client(self):
        client = Client(self.path)
        self.clients.append(client)
        return client

    def counter(self, name):
        return self.client().call("org.hostdevd.Status")["status"]["counters"][name]

    def expect_rest(self):
        """Waits until it sleeps: no turn between two questions but what answers the second."""
        def rests():
            before = self._tell(["turns"])[1]
            time.sleep(0.1)
            return self._tell(["turns"])[1] == before + 1
        wait_until(rests, "it spins")

    def status(self):
        return self.client().call("org.hostdevd.Status")["status"]

    def memory_kib(self):
        with open("/proc/%d/status" % self.process.pid) as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


class Closed(Exception):
    """The server closed the connection."""


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(path)
        self.input = b""

    def close(self):
        self.socket.close()

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, method, parameters=None, **flags):
        message = dict(flags, method=method)
        if parameters is not None:
            message["parameters"] = parameters
        self.send_raw(json.dumps(message).encode() + b"\0")

    def receive_raw(self):
        while b"\0" not in self.input:
            try:
                data = self.socket.recv(1 << 20)
            except (ConnectionResetError, BrokenPipeError):
                data = b""
            if not data:
                raise Closed()
            self.input += data
        message, self.input = self.input.split(b"\0", 1)
        return message

    def receive(self):
        reply = json.loads(self.receive_raw())
        assert set(reply) <= {"parameters", "error", "continues"}, reply
        assert isinstance(reply["parameters"], dict), reply
        if "error" in reply:
            assert reply["parameters"]["message"], reply
            assert "continues" not in reply
        return reply

    def parameters(self):
        reply = self.receive()
        if "error" in reply:
            raise Error(reply)
        return reply["parameters"]

    def call(self, method, parameters=None, **flags):
        self.send(method, parameters, **flags)
        return self.parameters()

    def watch(self, **parameters):
        self.send("org.hostdevd.Watch", parameters, more=True)
        return self

    def event(self):
        reply = self.receive()
        if "error" in reply:
            raise Error(reply)
        assert reply["continues"] is True, reply
        return reply["parameters"]["event"]

    def until_ready(self):
        events = [self.event()]
        while events[-1]["type"] != "ready":
            events.append(self.event())
        return events

    def is_quiet(self, seconds=0.1):
        return not self.input and not select.select([self.socket], [], [], seconds)[0]

    def is_closed(self):
        """Waits for the close; messages before it are thrown away."""
        try:
            while True:
                self.receive_raw()
        except Closed:
            return True


def error_of(function, *arguments, **keywords):
    try:
        function(*arguments, **keywords)
    except Error as error:
        return error
    raise AssertionError("no error")
