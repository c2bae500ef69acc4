"""How far the load is: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from bakeoff.cli import console
from bakeoff.loading.importing import Totals

SECONDS_BETWEEN_LINES = 5


class Report(Protocol):
    """Takes what is known after each batch."""

    def __call__(self, totals: Totals, *, position: int) -> None:
        """Show it; `position` is how many bytes have been read."""


@contextmanager
def shown(name: str, *, size: int | None) -> Iterator[Report]:
    """Progress through a file of so many bytes, if that is known; all of it goes to stderr."""
    if console.stderr().is_terminal:
        with _bar(name, size=size) as report:
            yield report
    else:
        yield _lines(name, size=size)


@contextmanager
def _bar(name: str, *, size: int | None) -> Iterator[Report]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console.stderr(),
    )
    with bar:
        task = bar.add_task(name, total=size, counts="")

        def report(totals: Totals, *, position: int) -> None:
            bar.update(task, completed=position, counts=_counts(totals))

        yield report


def _lines(name: str, *, size: int | None) -> Report:
    last = time.monotonic()

    def report(totals: Totals, *, position: int) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            share = f"{100 * position // size} %, " if size else ""
            console.remark(f"{name}: {share}{_counts(totals)}")

    return report


def _counts(totals: Totals) -> str:
    return (
        f"{totals.read} read, {totals.loaded} loaded, {totals.present} there already, "
        f"{totals.rejected} rejected"
    )
