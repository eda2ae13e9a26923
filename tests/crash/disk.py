# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks that are slow, hang, or are full."""
import contextlib
import os
import signal
import subprocess

from place import wait_until

BALLAST = 256 * 1024


@contextlib.contextmanager
def stopped(process):
    """While it lasts, no thread of the process runs."""
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: set(thread_states(process.pid)) == {"T"}, "it does not stop")
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def thread_states(pid):
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError), \
                open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8") as stream:
            yield stream.read().rsplit(")", 1)[1].split()[0]


class SmallDisk:
    """A file system of its own under the state folder of a daemon that does not run."""

    def __init__(self, running, size):
        self.running = running
        self.path = f"{running.folder}/state"
        self.filler = f"{self.path}/filler"
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", self.path],
                       check=True)

    def fill(self, leave=0):
        """Takes all room but `leave` bytes, and but what the daemon gave up of its ballast for a
        release that it is writing: who takes that too makes the release fail, as it must."""
        with stopped(self.running.process), open(self.filler, "ab", buffering=0) as stream:
            leave += BALLAST - os.stat(f"{self.path}/ballast").st_blocks * 512
            with contextlib.suppress(OSError):
                while True:
                    stream.write(bytes(4096))
            stream.truncate(max(0, stream.seek(0, os.SEEK_END) - leave))

    def empty(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.filler)

    def free(self):
        status = os.statvfs(self.path)
        return status.f_bavail * status.f_bsize

    def close(self):
        subprocess.run(["umount", self.path], check=True)


@contextlib.contextmanager
def small_disk(running, size):
    """The daemon is started on it, and stopped at the end."""
    running.stop()
    disk = SmallDisk(running, size)
    try:
        running.start()
        yield disk
    finally:
        running.stop(signal.SIGKILL)
        disk.close()
