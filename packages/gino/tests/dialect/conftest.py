"""Engines on files of their own, and a pair of models to fill them with."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gino
import pytest
from gino import Gino

# Counts for some minutes if nobody stops it; `beacon` is called when it has begun.
ENDLESS = (
    "WITH RECURSIVE n (i) AS (SELECT beacon() UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) "
    "SELECT count(*) FROM n"
)


def pytest_configure(config: pytest.Config) -> None:
    # SQLAlchemy 1.3 looks for its plugins with it.
    config.addinivalue_line("filterwarnings", "ignore:pkg_resources is deprecated:UserWarning")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What depends on the loop is tested on both, in modules that say so."""
    if (
        getattr(metafunc.module, "ON_BOTH_LOOPS", False)
        and "anyio_backend" in metafunc.fixturenames
    ):
        loops = [("asyncio", {"use_uvloop": use}) for use in (False, True)]
        metafunc.parametrize("anyio_backend", loops, ids=["asyncio", "uvloop"], scope="module")


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return ("asyncio", {"use_uvloop": False})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "teams.db"


@pytest.fixture
async def make_engine(file: Path) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """Open engines, which have nothing checked out in the end, and whose threads end with them."""
    engines: list[Any] = []

    async def make(url: str | None = None, **options: Any) -> Any:
        usual = {"pragmas": {"journal_mode": "WAL", "foreign_keys": True}} if url is None else {}
        engine = await gino.create_engine(url or f"sqlite+aiosqlite:///{file}", **usual | options)
        engines.append(engine)
        return engine

    yield make
    left = [(engine.raw_pool.in_use, engine.raw_pool.in_transaction) for engine in engines]
    for engine in engines:
        await engine.raw_pool.terminate()
    assert left == [(0, 0)] * len(engines)
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            thread.join(timeout=10)
            assert not thread.is_alive()


class Teams:
    """Models on a metadata of their own."""

    def __init__(self) -> None:
        db = self.db = Gino()

        class Team(db.Model):  # type: ignore[name-defined, misc]
            __tablename__ = "teams"

            id = db.Column(db.Integer, primary_key=True)
            name = db.Column(db.String, nullable=False, unique=True)

            def __init__(self, **values: Any) -> None:
                super().__init__(**values)
                self.members: list[Any] = []

            def add_member(self, member: Any) -> None:
                self.members.append(member)

        class Member(db.Model):  # type: ignore[name-defined, misc]
            __tablename__ = "members"

            id = db.Column(db.Integer, primary_key=True)
            name = db.Column(db.String, nullable=False)
            goals = db.Column(db.Integer, nullable=False, server_default="0")
            team_id = db.Column(db.ForeignKey("teams.id", deferrable=True, initially="DEFERRED"))

        self.Team = Team
        self.Member = Member

    async def fill(self, count: int) -> None:
        """Teams named 1 to `count`."""
        await self.Team.insert().gino.status(*[{"name": str(n)} for n in range(1, count + 1)])

    async def names(self) -> list[str]:
        found: list[str] = [row.name for row in await self.Team.query.gino.all()]
        return sorted(found)


@pytest.fixture
async def use(make_engine: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Teams]]:
    """Teams bound to an engine with given options, and their tables."""

    async def bound(url: str | None = None, **options: Any) -> Teams:
        teams = Teams()
        teams.db.bind = await make_engine(url, **options)
        await teams.db.gino.create_all()
        return teams

    return bound


@pytest.fixture
async def teams(use: Callable[..., Awaitable[Teams]]) -> Teams:
    return await use()


class Beacon:
    """Tells when the thread of a connection calls `beacon()`, or begins a certain statement."""

    def __init__(self) -> None:
        self.statement: str | None = None
        self._loop = asyncio.get_running_loop()
        self._lit = asyncio.Event()

    async def init(self, connection: Any) -> None:
        await connection.create_function("beacon", 0, self._light)
        await connection.set_trace_callback(self._trace)

    async def seen(self) -> None:
        async with asyncio.timeout(20):
            await self._lit.wait()
        self._lit.clear()

    @asynccontextmanager
    async def running(self, work: Coroutine[Any, Any, Any]) -> AsyncIterator[asyncio.Task[Any]]:
        """The work as a task, which has come to the beacon."""
        task = asyncio.create_task(work)
        try:
            await self.seen()
            yield task
        finally:
            task.cancel()
            await asyncio.wait((task,))

    def _trace(self, statement: str) -> None:
        if self.statement is not None and statement.startswith(self.statement):
            self._light()

    def _light(self) -> int:
        self._loop.call_soon_threadsafe(self._lit.set)
        return 1


@pytest.fixture
async def beacon() -> Beacon:
    return Beacon()


@pytest.fixture(scope="session")
def endless() -> str:
    return ENDLESS
