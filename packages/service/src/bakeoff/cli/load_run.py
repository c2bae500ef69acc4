"""One run of `bakeoff load`, from the connection to the summary, whatever comes in between."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

import typer

from bakeoff.cli import configuration, connecting, console, loop, progress
from bakeoff.cli.exits import Failure, reason
from bakeoff.cli.schema import Migrating
from bakeoff.loading.importing import Import
from bakeoff.loading.reading import CatalogueError, CatalogueFile
from bakeoff.loading.rejects import RejectsFile
from bakeoff.loading.rows import Reject
from bakeoff.settings import Settings
from bakeoff_schemas.errors import ContractError
from bakeoff_schemas.ports import DataLayer

_MEMORY = "memory (which forgets everything when this command ends)"


def cannot_write(path: Path, error: OSError) -> Failure:
    """What to tell a person about a place where rejected rows cannot go."""
    return Failure(
        f"{path}, for rejected rows, cannot be written: {reason(error)}; "
        "choose another place with --rejects"
    )


class LoadRun:
    """Loads one catalogue and tells what became of it."""

    def __init__(
        self,
        catalogue: CatalogueFile,
        importing: Import,
        *,
        name: str,
        told: str,
        size: int | None,
        position: Callable[[], int],
        rejects: Path | None,
    ) -> None:
        """`told` says what is read; `position`, how many of the `size` bytes have been."""
        self._catalogue = catalogue
        self._importing = importing
        self._name = name
        self._told = told
        self._size = size
        self._position = position
        self._rejects = rejects
        self._loading = False
        self._complete = False
        self._signal: int | None = None
        self._failure: str | None = None
        self._seconds = 0.0

    def run(self, layer: DataLayer, settings: Settings, *, migrating: Migrating) -> None:
        """Load until the end, an error or a signal.

        :raises Failure: the store cannot be opened, so that nothing was begun.
        """
        try:
            loop.run(self._main(layer, settings, migrating))
        except (asyncio.CancelledError, KeyboardInterrupt):
            self._signal = self._signal or signal.SIGINT
        except OSError as error:
            self._failure = f"{error.filename or self._name}: {reason(error)}"
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

    async def _main(self, layer: DataLayer, settings: Settings, migrating: Migrating) -> None:
        task = asyncio.current_task()
        assert task is not None

        def interrupt(number: int) -> None:
            if self._loading and self._signal is None:
                console.remark("stopping after this batch; once more stops at once")
            else:
                task.cancel()
            self._signal = number

        opening = connecting.opened(layer, settings)
        with loop.on_signals(interrupt):
            async with connecting.ready(opening, layer, settings, migrating=migrating):
                target = settings.database() if layer.uses_database else _MEMORY
                console.remark(f"loading {self._name} into {target}: {self._told}")
                with self._reporting() as after_batch:
                    await self._load(after_batch)

    async def _load(self, after_batch: Callable[[Sequence[Reject]], None]) -> None:
        self._loading = True
        began = time.monotonic()
        try:
            self._complete = await self._importing.run(
                self._catalogue, after_batch=after_batch, stop=lambda: self._signal is not None
            )
        finally:
            self._loading = False
            self._seconds = time.monotonic() - began

    @contextmanager
    def _reporting(self) -> Iterator[Callable[[Sequence[Reject]], None]]:
        with ExitStack() as stack:
            sink = self._rejects and stack.enter_context(self._rejects_file(self._rejects))
            report = stack.enter_context(progress.shown(self._name, size=self._size))

            def after_batch(rejected: Sequence[Reject]) -> None:
                if sink:
                    sink.add(rejected)
                report(self._importing.totals, position=self._position() if self._size else 0)

            yield after_batch

    def _rejects_file(self, path: Path) -> RejectsFile:
        try:
            return RejectsFile(
                path, columns=self._catalogue.columns, delimiter=self._catalogue.delimiter
            )
        except OSError as error:
            raise cannot_write(path, error) from error

    def _facts(self) -> dict[str, object]:
        totals = self._importing.totals
        return {
            "file": self._name,
            **asdict(totals),
            "rejects": str(self._rejects) if self._rejects and totals.rejected else None,
            "dry_run": self._importing.dry_run,
            "complete": self._complete,
            "seconds": round(self._seconds, 3),
        }

    def _summary(self) -> str:
        totals = self._importing.totals
        loaded = "Would load" if self._importing.dry_run else "Loaded"
        where = f"   see {self._rejects}" if self._rejects and totals.rejected else ""
        return (
            f"Rows read      {totals.read:>9}   in {self._seconds:.1f} s\n"
            f"{loaded:<15}{totals.loaded:>9}\n"
            f"There already  {totals.present:>9}\n"
            f"Rejected       {totals.rejected:>9}{where}"
        )
