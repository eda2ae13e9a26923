# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one topology's cases inside the guest; init starts it."""
import importlib
import os
import signal
import sys

TOPOLOGY = f"/host/tests/vm/{os.environ['VM_TOPOLOGY']}"
sys.path[1:1] = ["/host/tests/lib", TOPOLOGY]
if os.environ.get("VM_SANITIZED"):
    os.environ.update(SANITIZED="1", ASAN_OPTIONS="detect_leaks=1",
                      LSAN_OPTIONS="suppressions=/host/tests/lsan.supp:print_suppressions=0",
                      UBSAN_OPTIONS="print_stacktrace=1")

from hostdevd import run_cases  # noqa: E402
from qmp import port  # noqa: E402
from rig import CASE_LIMIT, Rig  # noqa: E402


def too_long(*_):
    raise TimeoutError(f"the case took more than {CASE_LIMIT} s")


signal.signal(signal.SIGALRM, too_long)
sys.stdout = open(port("tap"), "w", encoding="utf-8")
sys.argv[1:] = [word for word in os.environ.get("VM_CASES", "").split(",") if word]
script = importlib.import_module("cases")
rig = Rig(TOPOLOGY, script.restore)
try:
    run_cases([rig.bind(case) for case in script.CASES])
finally:
    rig.stop()
