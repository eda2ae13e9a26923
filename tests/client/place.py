# SPDX-License-Identifier: GPL-2.0-or-later
"""The folder of a case, with its own hostdevctl and its own daemon, and what a case may demand."""
import fcntl
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

from fake import Daemon, whole_daemon

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(os.path.join(TREE, 'tests/lib'))
from hostdevd import DEADLINE as PATIENCE

BUILD = os.path.abspath(os.environ.get('BUILD', os.path.join(TREE, 'build')))
CC = os.environ.get('CC', 'cc')
SANITIZE = os.environ.get('SANITIZE', '').split()
VALGRIND = os.environ.get('VALGRIND', '').split()
CASES = []


def case(function):
    CASES.append(function)
    return function


class Place:
    """The folder of a case."""

    def __init__(self, path):
        self.path, self.socket, self.daemon = path, os.path.join(path, 's'), None
        os.chmod(path, 0o755)
        for name in ('hostdevctl', 'libhostdev.so.0'):
            shutil.copy(os.path.join(BUILD, name), path)
        self.ctl = os.path.join(path, 'hostdevctl')
        self.environment = {'PATH': os.environ['PATH'], 'HOSTDEVD_SOCKET': self.socket,
                            'TERM': 'xterm', 'TZ': 'UTC', 'LC_ALL': 'C.UTF-8'}
        for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS'):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def serve(self, answer=whole_daemon):
        if callable(answer):
            self.daemon = Daemon(self.socket, answer)
        else:
            self.daemon = Daemon(self.socket, lambda call: answer)
        return self.daemon

    def run(self, *arguments, **options):
        options.setdefault('env', self.environment)
        if 'stdout' not in options:
            options['stdout'] = subprocess.PIPE
        result = subprocess.run([*VALGRIND, self.ctl, *arguments], stderr=subprocess.PIPE,
                                timeout=PATIENCE, **options)
        result.stderr = result.stderr.decode()
        if isinstance(result.stdout, bytes):
            result.stdout = result.stdout.decode()
        assert 'Sanitizer' not in result.stderr and '==ERROR' not in result.stderr, result.stderr
        return result

    def ok(self, *arguments, **options):
        result = self.run(*arguments, **options)
        same(result.returncode, 0, result.stderr)
        same(result.stderr, '')
        return result.stdout

    def fails(self, status, *arguments, says='', **options):
        result = self.run(*arguments, **options)
        same(result.returncode, status, result.stderr)
        holds(says in result.stderr, f'{says!r} in {result.stderr!r}')
        holds(result.stderr.startswith('hostdevctl: '), result.stderr)
        return result

    def start(self, *arguments, **options):
        options.setdefault('env', self.environment)
        # a runner in the background has SIGINT ignored, and its children would inherit that
        options.setdefault('preexec_fn', lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        return subprocess.Popen([*VALGRIND, self.ctl, *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, **options)

    def terminal(self, *arguments, columns=80, **environment):
        """The output on a terminal of so many columns."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
        process = subprocess.Popen([*VALGRIND, self.ctl, *arguments], stdout=slave,
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   env={**self.environment, **environment})
        os.close(slave)
        output = b''
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            output += data
        os.close(master)
        same(process.wait(PATIENCE), 0, process.stderr.read())
        return output.decode().replace('\r\n', '\n')

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.path, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def read(self, name):
        with open(os.path.join(self.path, name), encoding='utf-8') as file:
            return file.read()

    def hostdevd(self, output, status=0):
        """A fake hostdevd beside hostdevctl."""
        self.write('output', output)
        self.write('hostdevd', '#!/bin/sh\nd=${0%/*}\nprintf "%s\\n" "$@" >"$d/arguments"\n'
                   f'cat "$d/output"\nexit {status}\n', 0o755)


def same(got, want, about=''):
    if got != want:
        raise AssertionError(f'got {got!r}, want {want!r} {about}')


def holds(truth, about):
    if not truth:
        raise AssertionError(about)


def until(condition, about):
    end = time.monotonic() + PATIENCE
    while not condition():
        holds(time.monotonic() < end, 'never: ' + about)
        time.sleep(0.01)
