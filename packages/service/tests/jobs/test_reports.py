"""The queue, the processes and the files, with work that a test can hold."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import httpx
import pytest
from fastapi import FastAPI

from bakeoff.app import create_app
from bakeoff.jobs.model import QueueFull
from bakeoff.jobs.reports import CatalogueReports, Report
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_memory.layer import Layer
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import NotFound, Unavailable

HERE = Path(__file__).parent
_PATIENCE = 60
Make = Callable[[Path, Path], int]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The work, from where the processes can import it too."""
    monkeypatch.syspath_prepend(HERE)
    import stand_in_work

    return stand_in_work


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the service keeps its temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, backend="memory", **{"job_processes": 1} | values)


def make_reports(
    make: Make,
    *,
    layer: Layer | None = None,
    clock: Callable[[], float] | None = None,
    **values: Any,
) -> CatalogueReports:
    unit = UnitOfWork(layer or Layer(LayerConfig()), contention_retries=0)
    options: dict[str, Any] = {} if clock is None else {"clock": clock}
    return CatalogueReports(settings(**values), unit, batch=10, make=make, **options)


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not condition():  # noqa: ASYNC110 - another process makes it true
            await asyncio.sleep(0.01)


async def ended(report: Report) -> None:
    await until(lambda: report.ended_at is not None)


async def begun(report: Report) -> int:
    """The process that works on the report, once it does."""
    note = report.folder / "working"
    await until(lambda: note.exists() and note.read_text("utf-8"))
    return int(note.read_text("utf-8"))


def go_on(report: Report) -> None:
    (report.folder / "go-on").touch()


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@asynccontextmanager
async def serving(make: Make, **values: Any) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """An application whose reports are made by this."""
    app = create_app(settings(**values))
    context = app.state.context
    reports = CatalogueReports(settings(**values), context.work, batch=10, make=make)
    app.state.context = replace(context, reports=reports)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://bookstore") as client,
    ):
        yield app, client


# --- the loop -------------------------------------------------------------------------------------


def test_the_loop_goes_on_answering_while_a_report_is_made(work: ModuleType, folder: Path) -> None:
    async def scenario() -> None:
        async with serving(work.wait) as (app, client):
            accepted = await client.post("/reports/catalogue")
            assert accepted.status_code == 202
            location = accepted.headers["location"]
            report = app.state.context.reports.get(uuid.UUID(accepted.json()["id"]))
            assert await begun(report) != os.getpid()
            # The process works from here on, and does not end before the answers are there.
            for _ in range(20):
                assert (await client.get("/health/ready")).status_code == 200
                assert (await client.post("/authors", json={"name": "Ged"})).status_code == 201
            assert (await client.get(location)).json()["status"] == "running"
            go_on(report)
            await ended(report)
            assert (await client.get(location)).status_code == 200

    asyncio.run(scenario())


# --- processes ------------------------------------------------------------------------------------


def test_a_process_that_was_killed_fails_its_report_and_no_other(
    work: ModuleType, folder: Path
) -> None:
    async def scenario() -> None:
        async with serving(work.wait, job_processes=2) as (app, client):
            reports: CatalogueReports = app.state.context.reports
            killed, other = reports.request(), reports.request()
            pids = [await begun(killed), await begun(other)]
            assert len(set(pids)) == 2
            os.kill(pids[0], signal.SIGKILL)
            await ended(killed)
            answer = await client.get(f"/reports/catalogue/{killed.id}")
            assert answer.status_code == 500
            assert answer.json()["type"].endswith(":report-failed")
            assert "process" in answer.json()["detail"]
            assert other.status == "running"
            # And another process takes its place.
            third = reports.request()
            assert await begun(third) not in pids
            for report in (other, third):
                go_on(report)
                await ended(report)
                assert report.status == "done"

    asyncio.run(scenario())


def test_a_process_makes_one_report_after_the_other(work: ModuleType, folder: Path) -> None:
    async def scenario() -> None:
        reports = make_reports(work.tell_process)
        async with reports.running():
            made = [reports.request() for _ in range(3)]
            for report in made:
                await ended(report)
            assert len({report.file.read_text("utf-8") for report in made}) == 1

    asyncio.run(scenario())


def test_at_shutdown_reports_are_dropped_with_their_processes_and_files(
    work: ModuleType, folder: Path
) -> None:
    async def scenario() -> int:
        reports = make_reports(work.wait)
        async with reports.running():
            running, waiting = reports.request(), reports.request()
            pid = await begun(running)
            assert waiting.status == "queued"
        await until(lambda: not exists(pid))
        return pid

    asyncio.run(scenario())
    assert [*folder.iterdir()] == []


def test_a_report_that_takes_too_long_is_ended(work: ModuleType, folder: Path) -> None:
    async def scenario() -> None:
        reports = make_reports(work.wait, job_timeout=5)
        async with reports.running():
            report = reports.request()
            pid = await begun(report)
            await ended(report)
            assert (report.status, report.reason) == ("failed", "It took longer than 5 s.")
            await until(lambda: not exists(pid))

    asyncio.run(scenario())


# --- failures -------------------------------------------------------------------------------------


def test_a_fault_is_in_the_log_and_not_in_the_answer(
    work: ModuleType, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with serving(work.fail) as (app, client):
            report = app.state.context.reports.request()
            await ended(report)
            answer = await client.get(f"/reports/catalogue/{report.id}")
            assert answer.status_code == 500
            assert "hunter2" not in answer.text
            assert not report.folder.exists()

    asyncio.run(scenario())
    assert "hunter2" in caplog.text


def test_a_database_that_goes_away_fails_the_report(work: ModuleType, folder: Path) -> None:
    class Gone(Layer):
        def reading(self) -> NoReturn:  # type: ignore[override]
            raise Unavailable("db.internal is down")

    async def scenario() -> None:
        reports = make_reports(work.tell_process, layer=Gone(LayerConfig()))
        async with reports.running():
            report = reports.request()
            await ended(report)
            assert report.status == "failed"
            assert report.reason == "The database cannot be reached or stays busy."

    asyncio.run(scenario())


# --- limits ---------------------------------------------------------------------------------------


def test_no_more_are_made_at_once_than_there_are_processes_and_the_first_come_first(
    work: ModuleType, folder: Path
) -> None:
    async def scenario() -> None:
        reports = make_reports(work.wait, job_processes=1, job_queue=2)
        async with reports.running():
            made = [reports.request() for _ in range(3)]
            for place, report in enumerate(made):
                await begun(report)
                assert [one.status for one in made[place + 1 :]] == ["queued"] * (2 - place)
                go_on(report)
            await ended(made[-1])
            assert {report.status for report in made} == {"done"}

    asyncio.run(scenario())


def test_one_more_than_may_wait_is_refused_until_one_has_ended(
    work: ModuleType, folder: Path
) -> None:
    async def scenario() -> None:
        async with serving(work.wait, job_queue=0) as (app, client):
            reports: CatalogueReports = app.state.context.reports
            report = reports.request()
            with pytest.raises(QueueFull):
                reports.request()
            answer = await client.post("/reports/catalogue")
            assert answer.status_code == 503
            assert answer.json()["type"].endswith(":queue-full")
            assert int(answer.headers["retry-after"]) > 0
            await begun(report)
            go_on(report)
            await ended(report)
            assert (await client.post("/reports/catalogue")).status_code == 202

    asyncio.run(scenario())


def test_only_the_latest_files_are_kept(work: ModuleType, folder: Path) -> None:
    async def scenario() -> None:
        reports = make_reports(work.tell_process, job_files=2)
        async with reports.running():
            made = []
            for _ in range(4):
                made.append(reports.request())
                await ended(made[-1])
            for report in made[:2]:
                assert not report.folder.exists()
                with pytest.raises(NotFound):
                    reports.get(report.id)
            for report in made[2:]:
                assert reports.get(report.id).file.exists()

    asyncio.run(scenario())


def test_a_file_is_kept_no_longer_than_its_age(work: ModuleType, folder: Path) -> None:
    now = 100.0

    async def scenario() -> None:
        nonlocal now
        reports = make_reports(work.tell_process, clock=lambda: now, job_age=60)
        async with reports.running():
            report = reports.request()
            await ended(report)
            now += 60
            assert reports.get(report.id).file.exists()
            now += 0.1
            with pytest.raises(NotFound):
                reports.get(report.id)
            assert not report.folder.exists()

    asyncio.run(scenario())


def test_what_a_report_was_made_of_is_not_kept(work: ModuleType, folder: Path) -> None:
    async def scenario() -> None:
        reports = make_reports(work.tell_process)
        async with reports.running():
            report = reports.request()
            await ended(report)
            assert [path.name for path in report.folder.iterdir()] == [report.file.name]

    asyncio.run(scenario())
