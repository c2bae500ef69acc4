"""Runs commands a few at a time, as many as the machine has processors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass

from bakeoff_tasks.matrix import Verdict, judge, report_path
from bakeoff_tasks.registry import ROOT, Cell

# For tests that draw no requests: pytest would import it for them as well, in half a second.
WITHOUT_SCHEMATHESIS = ("-p", "no:schemathesis")

Tell = Callable[[str], None]
Start = Callable[[Sequence[str]], "subprocess.Popen[str]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended, and all that it printed."""

    name: str
    code: int
    printed: str


def jobs(environ: Mapping[str, str]) -> int:
    """How many commands run at once: `BAKEOFF_JOBS`, by default one for each processor.

    :raises ValueError: it is not a positive number.
    """
    named = environ.get("BAKEOFF_JOBS")
    if named is None:
        return os.cpu_count() or 1
    if not named.isdecimal() or int(named) < 1:
        raise ValueError(f"BAKEOFF_JOBS must be a number from 1, not {named!r}")
    return int(named)


def each(
    commands: Mapping[str, Sequence[str]],
    *,
    at_once: int,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Done]:
    """Run the commands, and tell of each as it ends; whoever interrupts takes them all along.

    `environment` is what they are told besides what we are told.
    """
    told = {**os.environ, **(environment or {})}
    with ThreadPoolExecutor(at_once) as threads, _ended_together(told) as start:
        waiting = [threads.submit(_run, name, command, start) for name, command in commands.items()]
        for future in as_completed(waiting):
            yield future.result()


def run(
    cells: Sequence[Cell], arguments: Sequence[str], *, at_once: int, tell: Tell
) -> list[Verdict]:
    """Run these cells of the matrix and judge each; what a cell printed is told if it failed.

    Everything a cell prints is kept beside its report. The verdicts come in the order of the cells.
    """
    by_name = {cell.name: cell for cell in cells}
    commands = {}
    for cell in cells:
        report_path(cell).parent.mkdir(parents=True, exist_ok=True)
        report_path(cell).unlink(missing_ok=True)
        session = ["-m", "nox", "-s", f"contract({cell.name})", "--", *arguments]
        commands[cell.name] = [sys.executable, *session]
    verdicts: dict[str, Verdict] = {}
    for number, done in enumerate(each(commands, at_once=at_once), start=1):
        cell = by_name[done.name]
        report_path(cell).with_suffix(".log").write_text(done.printed, encoding="utf-8")
        verdict = verdicts[cell.name] = judge(cell)
        if not verdict.acceptable:
            tell(done.printed)
        line = verdict.line
        counts = f"{line['passed']} passed in {line['seconds']} s, " if line["passed"] else ""
        tell(f"{number}/{len(cells)} {cell.name}: {counts}{line['status']}")
    return [verdicts[cell.name] for cell in cells]


def _run(name: str, command: Sequence[str], start: Start) -> Done:
    process = start(command)
    printed, _ = process.communicate()
    return Done(name=name, code=process.returncode, printed=printed)


@contextmanager
def _ended_together(environment: Mapping[str, str]) -> Iterator[Start]:
    """Whoever is interrupted takes the sessions along, and none starts after that.

    They are told once, and not by the terminal besides: a second time would cut short what they do
    to put things away.
    """
    lock = threading.Lock()
    running: list[subprocess.Popen[str]] = []
    over = False

    def start(command: Sequence[str]) -> subprocess.Popen[str]:
        with lock:
            if over:
                raise InterruptedError
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            running.append(process)
            return process

    try:
        yield start
    except BaseException:
        with lock:
            over = True
            for process in running:
                process.send_signal(signal.SIGINT)
        raise
