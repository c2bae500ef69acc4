"""Progress of a run: a bar with the time left on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bakeoff_bench.cli import console
from bakeoff_bench.errors import redacted
from bakeoff_bench.progress import Report

SECONDS_BETWEEN_LINES = 10


@contextmanager
def shown(stage: str) -> Iterator[Report]:
    """Progress through a stage of the run; all of it goes to stderr."""
    if console.stderr().is_terminal:
        with _bar(stage) as report:
            yield report
    else:
        yield _lines(stage)


@contextmanager
def _bar(stage: str) -> Iterator[Report]:
    bar = Progress(
        TextColumn("{task.fields[stage]}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.description}"),
        console=console.stderr(),
        # Drawing takes CPU from what is being timed.
        refresh_per_second=1,
    )
    began = time.monotonic()
    with bar:
        task = bar.add_task("", total=1.0, stage=stage, left="")

        def report(what: str, *, done: float) -> None:
            left = time_left(time.monotonic() - began, done=done)
            bar.update(task, completed=done, description=redacted(what), left=left)

        yield report


def _lines(stage: str) -> Report:
    began = last = time.monotonic()

    def report(what: str, *, done: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            left = time_left(now - began, done=done)
            console.remark(f"{stage}: {done:.0%}{left and ', '}{left}: {what}")

    return report


def time_left(elapsed: float, *, done: float) -> str:
    """The time left in words, at the speed so far; empty while too little is done to say."""
    if done < 0.01:
        return ""
    minutes, seconds = divmod(round(elapsed * (1 - done) / done), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min left"
    return f"{minutes} min {seconds} s left" if minutes else f"{seconds} s left"
