"""SQLite through aiosqlite.

workaround(gino-no-sqlite): GINO has no dialect for it; `aiosqlite_dialect` is this repository's.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from sqlalchemy.engine.url import URL

from bakeoff_gino.engine.driver import Driver, choose
from bakeoff_schemas.config import LayerConfig


def sqlite(config: LayerConfig) -> Driver:
    """The file must exist; SQLite would create an empty one."""
    return Driver(
        distribution=choose(config, "aiosqlite"),
        url=URL(
            "sqlite+aiosqlite",
            database=f"file:{quote(config.database().name)}",
            query={"uri": "true", "mode": "rw"},
        ),
        options={
            "min_size": 0,
            "max_size": config.pool_max,
            "timeout": config.busy_timeout,
            "pragmas": {"journal_mode": "WAL", "foreign_keys": True},
            # A transaction that has read cannot wait for the write lock.
            "begin": "IMMEDIATE",
            "cached_statements": 512,
        },
        is_alive=_is_alive,
        in_transaction=_in_transaction,
        discard=_discard,
        kill_remote=_kill_remote,
        size=_size,
    )


def _is_alive(connection: Any) -> bool:
    return bool(connection.is_alive)


def _in_transaction(connection: Any) -> bool:
    return bool(connection.in_transaction)


def _discard(connection: Any) -> None:
    """The pool closes it on release."""
    connection.broken = True


async def _kill_remote(_: Any) -> None:
    """Nothing is left to do: the connection interrupts what it runs when its task is cancelled."""


def _size(pool: Any) -> int:
    return int(pool.size)
