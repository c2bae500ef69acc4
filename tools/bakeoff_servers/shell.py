"""Run other programs, and tell the person at the terminal what is going on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bakeoff_servers.model import Unavailable

_PLAIN = {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def say(message: str) -> None:
    """Report progress where it does not mix with what a shell evaluates."""
    print(message, file=sys.stderr, flush=True)


def run(
    command: Sequence[str],
    *,
    timeout: float,
    check: bool = True,
    user: str | None = None,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and keep what it printed, which is the reason when it fails."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd=cwd,
            env={**os.environ, **_PLAIN, **(environment or {})},
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{Path(command[0]).name} did not end within {timeout:g} s") from None
    except OSError as error:
        raise Unavailable(f"{command[0]} cannot be run: {error}") from None
    if check and done.returncode:
        printed = "\n".join(text.strip()[-1500:] for text in (done.stdout, done.stderr))
        raise Unavailable(f"{Path(command[0]).name} failed ({done.returncode}):\n{printed.strip()}")
    return done
