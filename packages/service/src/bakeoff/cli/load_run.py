"""One run of `bakeoff load`, from the connection to the summary."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import typer
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from bakeoff.cli import console, running
from bakeoff.cli.console import Failure, reason
from bakeoff.loading.importing import Import, Totals, rejects_file
from bakeoff.loading.reading import CatalogueError, CatalogueFile
from bakeoff.loading.rows import Reject
from bakeoff.settings import Settings
from bakeoff_schemas.errors import ContractError
from bakeoff_schemas.ports import DataLayer

SECONDS_BETWEEN_LINES = 5


def cannot_write(path: Path, error: OSError) -> Failure:
    """The failure of a file of rejected rows that cannot be written."""
    return Failure(
        f"{path}, for rejected rows, cannot be written: {reason(error)}; "
        "choose another place with --rejects"
    )


@dataclass(kw_only=True)
class LoadRun:
    """Loads one catalogue and reports the result.

    `columns` says what is read from where; `rejects` is the file of rejected rows, if any; `beside`
    is opened with the layer.
    """

    name: str
    file: BinaryIO
    catalogue: CatalogueFile
    importing: Import
    columns: str
    rejects: Path | None
    beside: running.Opening
    _loading: bool = False
    _complete: bool = False
    _signal: int | None = None
    _failure: str | None = None
    _seconds: float = 0.0

    def run(self, layer: DataLayer, settings: Settings, *, migrating: running.Migrating) -> None:
        """Load until the end, an error or a signal.

        :raises Failure: the store cannot be opened, so that nothing was begun.
        """
        try:
            running.run(self._main(layer, settings, migrating))
        except (asyncio.CancelledError, KeyboardInterrupt):
            self._signal = self._signal or signal.SIGINT
        except OSError as error:
            self._failure = f"{error.filename or self.name}: {reason(error)}"
        except (CatalogueError, ContractError) as error:
            self._failure = str(error)

    def finish(self, *, as_json: bool) -> None:
        """Show the summary.

        :raises Failure: an error ended the run.
        :raises typer.Exit: a signal did.
        """
        if as_json:
            console.show_json(self._facts())
        else:
            console.show(self._summary())
        if self._failure is not None:
            raise Failure(
                f"stopped early: {self._failure}\n"
                "What was loaded stays; load the file again to go on from there."
            )
        if self._signal is not None and not self._complete:
            console.remark("interrupted; load the file again to go on from there")
            raise typer.Exit(128 + self._signal)

    async def _main(
        self, layer: DataLayer, settings: Settings, migrating: running.Migrating
    ) -> None:
        task = asyncio.current_task()
        assert task is not None

        def interrupt(number: int) -> None:
            if self._loading and self._signal is None:
                console.remark("stopping after this batch; once more stops at once")
            else:
                task.cancel()
            self._signal = number

        with running.on_signals(interrupt):
            async with running.opened(layer, settings, migrating=migrating), self.beside:
                target = "memory (which forgets everything when this command ends)"
                if layer.uses_database:
                    target = str(settings.database())
                console.remark(f"loading {self.name} into {target}: {self.columns}")
                with ExitStack() as stack:
                    reject = self._open_rejects(self.rejects, stack) if self.rejects else None
                    report = stack.enter_context(progress(self.name, size=self._size()))
                    await self._load(reject, report)

    def _open_rejects(self, path: Path, stack: ExitStack) -> Callable[[Sequence[Reject]], None]:
        columns, delimiter = self.catalogue.columns, self.catalogue.delimiter
        try:
            return stack.enter_context(rejects_file(path, columns=columns, delimiter=delimiter))
        except OSError as error:
            raise cannot_write(path, error) from error

    async def _load(
        self,
        reject: Callable[[Sequence[Reject]], None] | None,
        report: Callable[[Totals, int], None],
    ) -> None:
        def after_batch(rejected: Sequence[Reject]) -> None:
            if reject:
                reject(rejected)
            report(self.importing.totals, self.file.tell() if self._size() else 0)

        self._loading = True
        began = time.monotonic()
        try:
            self._complete = await self.importing.run(
                self.catalogue, after_batch=after_batch, stop=lambda: self._signal is not None
            )
        finally:
            self._loading = False
            self._seconds = time.monotonic() - began

    def _size(self) -> int | None:
        """The size of a regular file; a pipe has none, and no position either."""
        status = os.fstat(self.file.fileno())
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def _facts(self) -> dict[str, object]:
        totals = self.importing.totals
        return {
            "file": self.name,
            **asdict(totals),
            "rejects": str(self.rejects) if self.rejects and totals.rejected else None,
            "dry_run": self.importing.dry_run,
            "complete": self._complete,
            "seconds": round(self._seconds, 3),
        }

    def _summary(self) -> str:
        totals = self.importing.totals
        loaded = "Would load" if self.importing.dry_run else "Loaded"
        where = f"   see {self.rejects}" if self.rejects and totals.rejected else ""
        return (
            f"Rows read      {totals.read:>9}   in {self._seconds:.1f} s\n"
            f"{loaded:<15}{totals.loaded:>9}\n"
            f"There already  {totals.present:>9}\n"
            f"Rejected       {totals.rejected:>9}{where}"
        )


@contextmanager
def progress(name: str, *, size: int | None) -> Iterator[Callable[[Totals, int], None]]:
    """Report totals and position on stderr: as a bar on a terminal, else as a line now and then."""
    out = console.stderr()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=out,
        disable=not out.is_terminal,
    )
    last = time.monotonic()

    def report(totals: Totals, position: int) -> None:
        nonlocal last
        counts = (
            f"{totals.read} read, {totals.loaded} loaded, {totals.present} there already, "
            f"{totals.rejected} rejected"
        )
        bar.update(task, completed=position, counts=counts)
        if bar.disable and time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            share = f"{100 * position // size} %, " if size else ""
            console.remark(f"{name}: {share}{counts}")

    with bar:
        task = bar.add_task(name, total=size, counts="")
        yield report
