"""Types the commands of a page, and compares what they print with what the page shows.

A block of `console` is typed as it stands. The lines below a command are what it prints: each must
be part of a line that is printed after those before it, and `…` stands for anything in that line.
A command that ends in `&` runs until the page ends; the next one waits for the lines below it.
A block after `<!-- not run: WHY -->` is not typed.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from bakeoff_tasks import tutorial
from bakeoff_tasks.tutorial import Differs

_PROMPT = "$ "
# The ports that pages use; whatever is free takes their place.
_PORTS = ("8000", "8001")
# Settings of whoever runs this; and without bytecode every command would compile all it imports.
_IGNORED = re.compile("BAKEOFF_|PYTHONDONTWRITEBYTECODE$")
_LONGEST = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is typed, what must be printed, and whether it has to fail."""

    typed: str
    printed: tuple[str, ...]
    fails: bool


def commands(page: str) -> Iterator[Command]:
    """The commands of a page that are to be typed, in their order.

    :raises ValueError: a block does not begin with a command.
    """
    for step in tutorial.steps(page):
        if step.language != "console" or step.not_run:
            continue
        if not step.text.startswith(_PROMPT):
            raise ValueError(f"a block must begin with `$ `: {step.text.splitlines()[0]}")
        for block in step.text.removeprefix(_PROMPT).split(f"\n{_PROMPT}"):
            lines = block.rstrip("\n").split("\n")
            length = 1
            while lines[length - 1].endswith("\\"):
                length += 1
            typed = "\n".join(lines[:length])
            printed = tuple(line for line in lines[length:] if line.strip("… "))
            yield Command(typed=typed, printed=printed, fails=step.fails)


def follow(page: str, *, path: str, environ: Mapping[str, str] = os.environ) -> None:
    """Type the commands in an empty folder, with these folders before those of the PATH.

    :raises Differs: a command failed that should not, or the other way round, or it did not print
        what the page shows.
    """
    ports = {port: _free_port() for port in _PORTS}
    environment = {name: value for name, value in environ.items() if not _IGNORED.match(name)}
    environment |= {"PATH": f"{path}{os.pathsep}{environ['PATH']}", "COLUMNS": "200"}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        for command in commands(page):
            typed = _with(ports, command.typed)
            printed = [_with(ports, line) for line in command.printed]
            if typed.endswith("&"):
                log = Path(folder, f".log-{len(typed)}-{time.monotonic_ns()}")
                process = _start(typed.removesuffix("&"), folder, environment, log)
                running.callback(_stop, process)
                _await(typed, process, log, printed)
            else:
                _run(typed, folder, environment, printed, fails=command.fails)


def missing(printed: str, expected: list[str]) -> str | None:
    """The first of the expected lines that was not printed after those before it."""
    position = 0
    for line in expected:
        parts = (re.escape(part.strip()) for part in line.split("…"))
        found = re.compile(".*?".join(parts)).search(printed, position)
        if found is None:
            return line
        position = found.end()
    return None


def _run(
    typed: str, folder: str, environment: Mapping[str, str], expected: list[str], *, fails: bool
) -> None:
    done = subprocess.run(
        ["bash", "-c", typed],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_LONGEST,
    )
    if bool(done.returncode) != fails:
        raise Differs(f"$ {typed}\n{done.stdout}\nended with {done.returncode}")
    line = missing(done.stdout, expected)
    if line is not None:
        raise Differs(f"$ {typed}\n{done.stdout}\nlacks the line: {line}")


def _start(
    typed: str, folder: str, environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen(
            ["bash", "-c", f"exec {typed}"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _await(typed: str, process: subprocess.Popen[bytes], log: Path, expected: list[str]) -> None:
    deadline = time.monotonic() + _LONGEST
    while (line := missing(log.read_text(encoding="utf-8"), expected)) is not None:
        if process.poll() is not None or time.monotonic() > deadline:
            printed = log.read_text(encoding="utf-8")
            raise Differs(f"$ {typed}\n{printed}\nlacks the line: {line}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    process.wait(timeout=_LONGEST)


def _with(ports: Mapping[str, str], text: str) -> str:
    for port, free in ports.items():
        text = text.replace(port, free)
    return text


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])
