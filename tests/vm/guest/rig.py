# SPDX-License-Identifier: GPL-2.0-or-later
"""What the cases of a topology are given: the machine, udevd, the daemon and its subscriber."""
import contextlib
import os
import signal
import subprocess
import time

import expected
from hostdevd import DEADLINE, Daemon, Subscriber, bind_case, difference, drain, wait_until
from qmp import Qmp

UDEVD = "/usr/lib/systemd/systemd-udevd"
CASE_LIMIT = 1500  # seconds: only a case that hangs takes so long, however busy the machine is
LONG = bool(os.environ.get("VM_LONG"))


def write(path, text):
    with open(path, "w", encoding="ascii") as stream:
        stream.write(text)


def read(path):
    with open(path, encoding="ascii") as stream:
        return stream.read().strip()


class Udevd:
    """systemd-udevd as a child, for it has to be stopped and killed."""

    def __init__(self):
        self.process = None
        self.start()
        subprocess.run(["udevadm", "trigger", "--action=add"], check=True, timeout=DEADLINE)
        self.settle()

    def start(self):
        """Until it answers: its socket is there before it listens to the kernel."""
        self.process = subprocess.Popen([UDEVD], stdin=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists("/run/udev/control"), "udevd did not start")
        subprocess.run(["udevadm", "control", "--ping", f"--timeout={DEADLINE:.0f}"], check=True)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(DEADLINE)
        with contextlib.suppress(FileNotFoundError):
            os.unlink("/run/udev/control")

    def settle(self):
        subprocess.run(["udevadm", "settle", f"--timeout={DEADLINE}"], check=True)


class Rig:
    """A daemon and a subscriber for all cases of a boot; new ones after a case that failed."""

    def __init__(self, folder, restore=lambda rig: None):
        self.restore = restore
        self.qmp = Qmp()
        self.udevd = Udevd()
        self.expected = expected.read(f"{folder}/expected")
        with open(f"{folder}/rules.conf", encoding="utf-8") as stream:
            self.rules = stream.read()
        self.daemon = None
        self.special = False
        self.subscriber = None
        self.heard = []

    # ---- the daemon
    @contextlib.contextmanager
    def another(self, *options, config=""):
        """A daemon beside the first, with socket and state of its own."""
        running = Daemon(self.rules, *(options or ("--monitor", "udev")), config=config)
        try:
            yield running
        finally:
            running.close()

    def start(self, *options, config=""):
        """A daemon in place of the one that runs, and its subscriber; one with options is for this
        case only."""
        self.stop()
        self.special = bool(options or config)
        self.daemon = Daemon(self.rules, *(options or ("--monitor", "udev")), config=config)
        self.subscriber = Subscriber(self.daemon.socket)
        self.heard = []

    def stop(self):
        daemon, self.daemon = self.daemon, None
        if daemon:
            self.subscriber.close()
            daemon.close()

    def status(self):
        return self.daemon.call("Status")["status"]

    # ---- what is heard
    def listen(self):
        """All that was heard since the last step."""
        self.heard += self.subscriber.news()
        return self.heard

    def wait_for(self, step):
        """Waits until the subscriber has heard what is expected."""
        wait_until(lambda: not expected.wrong(self.expected[step], self.listen()),
                   lambda: f"[{step}]\n{expected.wrong(self.expected[step], self.listen())}")

    def hear(self, step, settle=True):
        """Waits for it, and until all agree: then no more than that has been heard."""
        self.wait_for(step)
        self.agree(settle)
        problem = expected.wrong(self.expected[step], self.listen())
        assert not problem, f"[{step}] and then:\n{problem}"
        self.heard = []

    def hear_without_udevd(self, step):
        """The same while udevd cannot be waited for."""
        self.hear(step, settle=False)

    def settle(self):
        self.udevd.settle()
        drain(self.daemon)

    def agree(self, settle=True):
        """The daemon, its subscriber and a daemon that has just started say the same.

        What the kernel does by itself may fall between the two looks: then it is looked again.
        """
        deadline = time.monotonic() + DEADLINE
        problem = "untried"
        while problem:
            assert time.monotonic() < deadline, problem
            if settle:
                self.udevd.settle()
            drain(self.daemon)
            problem = self.disagreement()

    def disagreement(self):
        with self.another() as fresh:
            wanted = all_it_says(fresh)
        said = all_it_says(self.daemon)
        for what, value in wanted.items():
            if said[what] != value:
                return f"{what}: said and true: {difference(said[what], value)}"
        model = self.subscriber.model()
        if model != wanted["devices"]:
            return f"subscriber: knows and true: {difference(model, wanted['devices'])}"
        return ""

    # ---- cases
    def bind(self, case):
        """The case as run_cases wants it, with a limit of time and the time it took."""
        def bound():
            start = time.monotonic()
            signal.alarm(CASE_LIMIT)
            try:
                if not self.daemon:
                    self.start()
                case(self)
                self.agree()
                if self.special:
                    self.stop()
            except BaseException:
                self.abandon()
                raise
            finally:
                signal.alarm(0)
                print(f"# {time.monotonic() - start:.1f} s", flush=True)
        return bind_case(case, bound)

    def abandon(self):
        """After a failure: says what the daemon said, and makes the machine fit for the next case."""
        if self.daemon:
            for line in self.daemon.read_log().splitlines()[-20:]:
                print(f"# {line}", flush=True)
            with contextlib.suppress(Exception):
                self.stop()
        with contextlib.suppress(Exception):
            self.restore(self)


def all_it_says(daemon):
    """Devices, groups and rules by name, but for where the rules' file lies."""
    return {"devices": daemon.devices(),
            "groups": {group["name"]: group for group in daemon.call("ListGroups")["groups"]},
            "rules": {rule["number"]: dict(rule, file=None)
                      for rule in daemon.call("ListRules")["rules"]}}
