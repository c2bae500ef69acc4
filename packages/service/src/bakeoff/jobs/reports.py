"""Takes on reports of the catalogue, and has them made by other processes, a few at a time.

They are AnyIO's worker processes. A `ProcessPoolExecutor` cannot end work that has begun, loses
all work when one process dies, and hangs on Python 3.11 where `max_tasks_per_child` is given
(python/cpython#115634).
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import anyio
from anyio import BrokenWorkerProcess, CapacityLimiter, to_process
from anyio.abc import TaskGroup

from bakeoff import answers
from bakeoff.jobs.model import QueueFull
from bakeoff.jobs.settings import JobSettings
from bakeoff.jobs.workbook import make_workbook
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas import timestamps
from bakeoff_schemas.errors import NotFound, Unavailable
from bakeoff_schemas.records import Book

log = logging.getLogger("bakeoff.jobs")

Status = Literal["queued", "running", "done", "failed"]
Make = Callable[[Path, Path], int]
"""Makes the second file of the first, and returns the number of books; it is sent to a process."""


@dataclass(slots=True, kw_only=True)
class Report:
    """One report; `reason` is why it failed, `ended_at` is on the clock of the reports."""

    id: uuid.UUID
    requested_at: datetime
    folder: Path
    status: Status = "queued"
    reason: str = ""
    ended_at: float | None = None

    @property
    def books(self) -> Path:
        """What it is made of: one book a line."""
        return self.folder / "books.ndjson"

    @property
    def file(self) -> Path:
        """The workbook, once it is done."""
        return self.folder / "catalogue.xlsx"


class CatalogueReports:
    """The reports of one service process; they are gone when it ends."""

    def __init__(
        self,
        settings: JobSettings,
        work: UnitOfWork,
        *,
        batch: int,
        make: Make = make_workbook,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`batch` books are read at a time."""
        self._settings = settings
        self._work = work
        self._batch = batch
        self._make = make
        self._clock = clock
        self._reports: dict[uuid.UUID, Report] = {}
        # First come, first served.
        self._turns = asyncio.Semaphore(settings.job_processes)
        self._processes = CapacityLimiter(settings.job_processes)
        self._folder: Path | None = None
        self._tasks: TaskGroup | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Takes reports on within this block; at its end it drops them, with their processes."""
        with TemporaryDirectory(prefix="bakeoff-reports-") as folder:
            async with anyio.create_task_group() as self._tasks:
                self._folder = Path(folder)
                try:
                    yield
                finally:
                    self._tasks.cancel_scope.cancel()

    def request(self) -> Report:
        """Take one on.

        :raises QueueFull: too many wait already.
        """
        assert self._tasks is not None
        assert self._folder is not None
        self._forget()
        states = self.states()
        most = self._settings.job_processes + self._settings.job_queue
        if states["queued"] + states["running"] >= most:
            raise QueueFull
        name = uuid.uuid4()
        report = Report(id=name, requested_at=timestamps.now(), folder=self._folder / name.hex)
        self._reports[name] = report
        self._tasks.start_soon(self._attend, report)
        return report

    def get(self, report_id: uuid.UUID) -> Report:
        """One report.

        :raises NotFound: there is none with this id, or it has not been kept.
        """
        self._forget()
        report = self._reports.get(report_id)
        if report is None:
            raise NotFound("report", report_id)
        return report

    def states(self) -> dict[Status, int]:
        """How many reports there are in each state."""
        counts: dict[Status, int] = {"queued": 0, "running": 0, "done": 0, "failed": 0}
        for report in self._reports.values():
            counts[report.status] += 1
        return counts

    def _forget(self) -> None:
        """Remove the reports that are too old, and the oldest of those that are too many."""
        ended = sorted(
            (report.ended_at, report.id)
            for report in self._reports.values()
            if report.ended_at is not None
        )
        surplus = len(ended) - self._settings.job_files
        oldest = self._clock() - self._settings.job_age
        for place, (ended_at, report_id) in enumerate(ended):
            if place < surplus or ended_at < oldest:
                shutil.rmtree(self._reports.pop(report_id).folder, ignore_errors=True)

    async def _attend(self, report: Report) -> None:
        """See a report through to its end, whatever that is."""
        async with self._turns:
            report.status = "running"
            try:
                with anyio.fail_after(self._settings.job_timeout):
                    await self._produce(report)
            except TimeoutError:
                self._fail(report, f"It took longer than {self._settings.job_timeout:g} s.")
            except BrokenWorkerProcess:
                self._fail(report, "The process that made it ended before it was done.")
            except Unavailable as error:
                log.warning("report %s: %s", report.id, error)
                self._fail(report, "The database cannot be reached or stays busy.")
            # The outermost level of the job: whatever it was, the client must hear of it.
            except Exception:
                log.exception("report %s failed", report.id)
                self._fail(report, "The server failed; its log has the reason under this id.")
            else:
                report.status = "done"
            report.ended_at = self._clock()
        self._forget()

    def _fail(self, report: Report, reason: str) -> None:
        report.status = "failed"
        report.reason = reason
        # A process that was killed leaves temporary files.
        shutil.rmtree(report.folder, ignore_errors=True)

    async def _produce(self, report: Report) -> None:
        report.folder.mkdir()
        await self._collect(report)
        # Cancelled, as at shutdown, it kills the process.
        await to_process.run_sync(
            self._make, report.books, report.file, cancellable=True, limiter=self._processes
        )
        report.books.unlink()

    async def _collect(self, report: Report) -> None:
        """Read the books in batches, as the export does, each with a connection of its own."""

        async def batch(after: int) -> list[Book]:
            return await self._work.read(
                lambda store: store.books.export(after=after, limit=self._batch)
            )

        async with await anyio.open_file(report.books, "wb") as file:
            books = await batch(0)
            while books:
                await file.write(b"".join(map(answers.book_line, books)))
                books = await batch(books[-1].id) if len(books) == self._batch else []
