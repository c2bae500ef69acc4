"""Work for the processes of the tests; they import it from this folder."""

from __future__ import annotations

import os
import time
from pathlib import Path


def wait(source: Path, target: Path) -> int:
    """Say which process this is, and go on once the test says so."""
    target.with_name("working").write_text(str(os.getpid()), "utf-8")
    while not target.with_name("go-on").exists():
        time.sleep(0.01)
    target.write_bytes(source.read_bytes())
    return 1


def fail(source: Path, target: Path) -> int:
    """Fail as a fault of ours would."""
    raise RuntimeError(f"hunter2 in {target.name}")


def tell_process(source: Path, target: Path) -> int:
    """Write which process this is."""
    target.write_text(str(os.getpid()), "utf-8")
    return 1
