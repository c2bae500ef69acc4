"""SQLite through aiosqlite."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL

from bakeoff_schemas.config import LayerConfig
from bakeoff_sqlalchemy.engine.driver import Driver, choose
from bakeoff_sqlalchemy.engine.whole_statements import open_whole


def sqlite(config: LayerConfig) -> Driver:
    """Only a file that is there is opened: SQLite would make an empty one otherwise."""
    connect = partial(
        sqlite3.connect,
        f"file:{quote(config.database().name)}?mode=rw",
        uri=True,
        # Its own thread has ended where connecting was cut short, and another one closes it.
        check_same_thread=False,
        timeout=config.busy_timeout,
        cached_statements=512,
    )
    return Driver(
        distribution=choose(config, "aiosqlite"),
        url=URL.create("sqlite+aiosqlite", database=config.database().name),
        connect_args={"async_creator_fn": lambda *_, **__: open_whole(connect)},
        settings=_settings,
        # A deferred transaction that turns out to write cannot wait for its turn.
        begin="BEGIN IMMEDIATE",
        is_lost=_is_lost,
        in_transaction=_in_transaction,
        abandon=_abandon,
    )


def _settings(_: Any) -> tuple[str, ...]:
    return ("PRAGMA journal_mode = WAL", "PRAGMA foreign_keys = ON")


def _is_lost(_: Any) -> bool:
    return False


def _in_transaction(connection: Any) -> bool:
    return bool(connection.in_transaction)


async def _abandon(connection: Any) -> None:
    """Otherwise the thread would go on with a long statement before it closes."""
    await connection.interrupt()
