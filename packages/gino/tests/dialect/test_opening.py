"""What can be said when an engine is created, and what happens if that fails."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, bindparam, exc, select

pytestmark = pytest.mark.anyio


async def test_pragmas_are_set_on_every_connection(make_engine: Any) -> None:
    engine = await make_engine(
        pragmas={"journal_mode": "wal", "foreign_keys": True, "cache_size": -4000}, min_size=2
    )
    async with engine.acquire() as one, engine.acquire(reuse=False) as other:
        for connection in (one, other):
            assert await connection.scalar("PRAGMA journal_mode") == "wal"
            assert await connection.scalar("PRAGMA foreign_keys") == 1
            assert await connection.scalar("PRAGMA cache_size") == -4000


async def test_a_pragma_is_not_a_way_to_run_other_sql(make_engine: Any, file: Path) -> None:
    with pytest.raises(ValueError, match="no name of a PRAGMA"):
        await make_engine(pragmas={"cache_size; DROP TABLE teams; --": 1})
    engine = await make_engine(pragmas={"journal_mode": "'; DROP TABLE teams; --"})
    assert await engine.scalar("PRAGMA journal_mode") == "delete"


async def test_a_hook_sees_every_connection_once(make_engine: Any) -> None:
    seen = []

    async def init(connection: Any) -> None:
        await connection.create_function("double", 1, lambda number: number * 2)
        seen.append(connection)

    engine = await make_engine(init=init, min_size=2)
    for _ in range(3):
        assert await engine.scalar("SELECT double(21)") == 42
    assert len(set(seen)) == len(seen) == 2


@pytest.mark.parametrize("error", [ZeroDivisionError, asyncio.CancelledError])
async def test_a_hook_that_fails_leaves_no_connection(make_engine: Any, error: Any) -> None:
    async def init(connection: Any) -> None:
        seen.append(connection)
        if len(seen) == 2:
            raise error

    seen: list[Any] = []
    with pytest.raises(error):
        await make_engine(init=init, min_size=2)
    assert [connection.is_alive for connection in seen] == [False, False]


async def test_a_connection_that_cannot_be_had_later_leaves_its_place(make_engine: Any) -> None:
    async def init(connection: Any) -> None:
        if failing:
            raise ZeroDivisionError

    failing = True
    engine = await make_engine(init=init, min_size=0, max_size=1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await engine.scalar("SELECT 1")
    failing = False
    assert await engine.scalar("SELECT 1") == 1


async def test_a_file_that_cannot_be_opened_is_an_error_of_sqlite3(
    make_engine: Any, tmp_path: Path
) -> None:
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        await make_engine(f"sqlite+aiosqlite:///{tmp_path}/missing/teams.db")
    (tmp_path / "text").write_text("This is no database. " * 100)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        await make_engine(f"sqlite+aiosqlite:///{tmp_path}/text", pragmas={"journal_mode": "wal"})


async def test_a_uri_says_more_about_the_file(make_engine: Any, tmp_path: Path) -> None:
    missing = f"sqlite+aiosqlite:///file:{tmp_path}/missing.db?mode=rw&uri=true"
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        await make_engine(missing)
    assert not (tmp_path / "missing.db").exists()
    engine = await make_engine(missing.replace("mode=rw", "mode=rwc"))
    await engine.status("CREATE TABLE teams (id)")
    engine = await make_engine(missing.replace("mode=rw", "mode=ro"))
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await engine.status("INSERT INTO teams VALUES (1)")


async def test_a_host_in_the_url_is_refused(make_engine: Any) -> None:
    with pytest.raises(exc.ArgumentError, match="Invalid SQLite URL"):
        await make_engine("sqlite+aiosqlite://somewhere/teams.db")


async def test_options_of_sqlite3_come_by_argument_or_by_url(make_engine: Any, file: Path) -> None:
    class Marked(sqlite3.Connection):
        pass

    types = sqlite3.PARSE_COLNAMES
    engine = await make_engine(factory=Marked, cached_statements=7, detect_types=types)
    async with engine.acquire() as connection:
        assert isinstance(connection.raw_connection._conn, Marked)
    sqlite3.register_converter("shout", lambda value: value.decode().upper())
    sql = "SELECT 'hello' AS \"word [shout]\""
    assert await engine.scalar(sql) == "HELLO"
    url = f"sqlite+aiosqlite:///{file}"
    assert await (await make_engine(f"{url}?detect_types={types}&timeout=3")).scalar(sql) == "HELLO"
    assert await (await make_engine(url)).scalar(sql) == "hello"


async def test_waiting_for_a_lock_ends_when_it_was_told_to(use: Any) -> None:
    loop = asyncio.get_running_loop()
    teams = await use(timeout=0.4)
    async with teams.db.transaction(isolation="IMMEDIATE"):
        begun = loop.time()
        async with teams.db.acquire(reuse=False) as other:
            with pytest.raises(sqlite3.OperationalError, match="database is locked"):
                await other.status(teams.Team.insert().values(name="x"))
        assert 0.4 <= loop.time() - begun < 30


async def test_a_lock_that_waiting_does_not_help_against_is_not_waited_for(use: Any) -> None:
    loop = asyncio.get_running_loop()
    teams = await use(timeout=30)
    async with teams.db.transaction():
        assert await teams.names() == []
        async with teams.db.acquire(reuse=False) as other:
            await other.status(teams.Team.insert().values(name="other"))
        begun = loop.time()
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            await teams.Team.create(name="too late")
        assert loop.time() - begun < 10


async def test_a_mode_that_sqlite_does_not_have_is_refused(make_engine: Any) -> None:
    with pytest.raises(exc.ArgumentError, match="no way to begin"):
        await make_engine(begin="SERIALIZABLE")


@pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:"])
async def test_memory_is_refused_because_connections_would_not_share_it(
    make_engine: Any, url: str
) -> None:
    with pytest.raises(sqlite3.NotSupportedError, match="needs a file"):
        await make_engine(url)


async def test_statements_are_logged_if_they_are_to_be(
    make_engine: Any, caplog: pytest.LogCaptureFixture
) -> None:
    engine = await make_engine(echo=True)
    await engine.scalar("SELECT ?", "secret")
    assert "SELECT ?" in caplog.text


async def test_json_is_written_and_read_as_one_likes(make_engine: Any) -> None:
    engine = await make_engine(
        json_serializer=lambda value: json.dumps({"wrapped": value}),
        json_deserializer=lambda text: json.loads(text)["wrapped"],
    )
    query = select([bindparam("x", type_=JSON)])
    assert await engine.scalar(query, x=[1]) == [1]
