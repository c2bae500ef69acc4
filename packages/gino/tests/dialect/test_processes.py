"""Several processes write to one file: they wait for each other, and lose nothing."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.anyio

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
"""
SCORE = """
import asyncio, sys
import gino

async def score(engine, times):
    for _ in range(times):
        async with engine.transaction(isolation="IMMEDIATE"):
            goals = await engine.scalar("SELECT goals FROM members")
            await engine.status("UPDATE members SET goals = ?", goals + 1)

async def main():
    engine = await gino.create_engine(sys.argv[1], timeout=60, pragmas={"journal_mode": "WAL"})
    await asyncio.gather(*(score(engine, 10) for _ in range(3)))
    await engine.close()

asyncio.run(main())
"""


async def _start(program: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-c", program, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def _held(file: Path, begin: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process with a lock on the file, until it reads a line."""
    process = await _start(HOLD, str(file), begin)
    assert process.stdin
    assert process.stdout
    assert await process.stdout.readline() == b"held\n"
    try:
        yield process
    finally:
        await process.communicate(b"\n")
    assert process.returncode == 0


async def test_a_writer_waits_for_one_in_another_process(use: Any, file: Path) -> None:
    teams = await use(timeout=60)
    async with _held(file, "BEGIN IMMEDIATE"):
        task = asyncio.create_task(teams.Team.create(name="late"))
        await asyncio.wait((task,), timeout=0.5)
        assert not task.done()
        assert await teams.names() == []
    await task
    assert await teams.names() == ["late"]


async def test_it_does_not_wait_for_ever(use: Any, file: Path) -> None:
    teams = await use(timeout=0.2)
    async with _held(file, "BEGIN EXCLUSIVE"):
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            async with teams.db.transaction(isolation="IMMEDIATE"):
                pass
        assert not teams.db.bind.raw_pool.in_use


async def test_a_connection_waits_for_its_journal_mode(
    use: Any, make_engine: Any, file: Path
) -> None:
    await use(pragmas={"journal_mode": "DELETE"})
    async with _held(file, "BEGIN EXCLUSIVE"):
        opening = asyncio.create_task(make_engine(timeout=60))
        await asyncio.wait((opening,), timeout=0.5)
        assert not opening.done()
    engine = await opening
    assert await engine.scalar("PRAGMA journal_mode") == "wal"


async def test_no_change_of_any_process_is_lost(use: Any, file: Path) -> None:
    teams = await use(timeout=60)
    await teams.Member.create(name="Ann")
    url = f"sqlite+aiosqlite:///{file}"
    processes = [await _start(SCORE, url) for _ in range(3)]
    for process in processes:
        await process.communicate()
        assert process.returncode == 0
    assert (await teams.Member.get(1)).goals == 90


async def test_a_process_ends_even_if_it_forgot_to_close(file: Path) -> None:
    program = SCORE.replace("    await engine.close()\n", "").replace("SELECT goals", "SELECT 0 --")
    program = program.replace('"UPDATE members SET goals = ?", goals + 1', '"SELECT 1"')
    process = await _start(program, f"sqlite+aiosqlite:///{file}")
    async with asyncio.timeout(30):
        await process.communicate()
    assert process.returncode == 0
