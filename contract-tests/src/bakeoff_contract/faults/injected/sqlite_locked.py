"""A second process holds SQLite's write lock."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bakeoff_contract.faults.fault import Fault, Target

_TIMEOUT = 30.0
# It waits for the lock as long as it takes under load, and holds it until its input ends.
_HOLDER = f"""
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout={_TIMEOUT}, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
connection.close()
"""


@contextmanager
def _locked(target: Target) -> Iterator[None]:
    command = [sys.executable, "-c", _HOLDER, target.database.url.name]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n", "the second process does not get the lock"
            yield
        finally:
            holder.communicate(timeout=_TIMEOUT)
    assert holder.returncode == 0, "the second process has failed"


SQLITE_LOCKED = Fault(
    name="sqlite-locked",
    title="a second process holds the write lock of the file",
    products=frozenset({"sqlite"}),
    inject=_locked,
    seconds=3.0,
)
