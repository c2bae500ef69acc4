"""SQLite through aiosqlite.

workaround(gino-no-sqlite): GINO has no dialect for it, so that it is given one.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from sqlalchemy.engine.url import URL

from bakeoff_gino.engine.driver import Driver, choose
from bakeoff_schemas.config import LayerConfig


def sqlite(config: LayerConfig) -> Driver:
    """Only a file that is there is opened: SQLite would make an empty one otherwise."""
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
            # A deferred transaction that turns out to write cannot wait for its turn.
            "begin": "IMMEDIATE",
            "cached_statements": 512,
        },
        is_lost=_is_lost,
        in_transaction=_in_transaction,
        drop=_drop,
        abandon=_abandon,
        size=_size,
    )


def _is_lost(connection: Any) -> bool:
    return not connection.usable


def _in_transaction(connection: Any) -> bool:
    return bool(connection.in_transaction)


def _drop(connection: Any) -> None:
    """The pool closes it when it is given back."""
    connection.broken = True


async def _abandon(_: Any) -> None:
    """The connection has interrupted what it ran, before the cancellation went on."""


def _size(pool: Any) -> int:
    return int(pool.size)
