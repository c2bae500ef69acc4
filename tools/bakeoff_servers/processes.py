"""Runs other programs, and starts and stops servers that outlive us."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bakeoff_servers.model import Unavailable

_PROC = Path("/proc")
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


def start(command: Sequence[str], *, log: Path, user: str | None = None) -> int:
    """Start a server in a session of its own, writing to a log, and answer its process id."""
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
                cwd="/",
            )
        except OSError as error:
            raise Unavailable(f"{command[0]} cannot be run: {error}") from None
    # For an instant after exec the kernel shows no command line, by which a server is known.
    while process.poll() is None and not _command_line(process.pid):
        time.sleep(0.01)
    # It is meant to be left running: without this, collecting the object warns that it does.
    process.returncode = 0
    return process.pid


def is_ours(pid: int, *, data: Path) -> bool:
    """Tell whether this process still is that data folder's server, not a later one of its id."""
    if pid <= 0:
        return False
    _reap(pid)
    arguments = _command_line(pid).split(b"\0")
    folder = os.fsencode(data)
    return folder in arguments or b"--datadir=" + folder in arguments


def stop(name: str, *, pid: int, data: Path, seconds: float = 60.0) -> bool:
    """End the server of that data folder if it runs; say whether there was anything to end."""
    if not is_ours(pid, data=data):
        return False
    # On SIGTERM PostgreSQL would wait until its clients leave.
    polite = signal.SIGINT if name == "postgresql" else signal.SIGTERM
    for ending, timeout in ((polite, seconds), (signal.SIGKILL, 10.0)):
        os.kill(pid, ending)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not is_ours(pid, data=data):
                return True
            time.sleep(0.05)
    raise Unavailable(f"process {pid} does not end")


def free_port(*preferred: int) -> int:
    """Pick the first of these ports that nothing listens on, else any that is free."""
    for port in (*preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Unavailable("no free port on 127.0.0.1")


def _command_line(pid: int) -> bytes:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _reap(pid: int) -> None:
    """Collect a server that we started ourselves and that has ended, lest it stay a zombie."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
