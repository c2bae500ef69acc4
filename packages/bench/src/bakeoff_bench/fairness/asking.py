"""`python -m bakeoff_bench.fairness.asking BACKEND`: the conditions of one layer, as JSON.

It runs in the backend's own environment, on the prepared database that BAKEOFF_DATABASE_URL names.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from bakeoff.backends import make_layer
from bakeoff_bench.fairness.sessions import BY_FAMILY, Facts, Sessions
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.ports import DataLayer

POOL = 10
# What sqlite3 keeps, if it is not told otherwise.
_USUAL_CACHE = 128


async def conditions(backend: str, url: DatabaseUrl) -> dict[str, Any]:
    """What the layer says of itself, and what its connections say."""
    config = LayerConfig(url=url, pool_min=POOL, pool_max=POOL, pool_timeout=0.2)
    sessions = BY_FAMILY[url.family](url)
    with _sqlite_watched() as opened:
        layer = make_layer(backend, config)
        await layer.open()
        try:
            info = await layer.describe()
            facts = {"connections when opened": str(layer.connections().size)}
            facts |= await _pooled(layer, sessions)
            if opened:
                kept = (options.get("cached_statements", _USUAL_CACHE) for options in opened)
                facts["statements kept by a connection"] = _agreed(map(str, kept))
            facts |= await _written(layer, sessions)
        finally:
            await layer.close()
    return {
        "backend": backend,
        "layer": info.layer,
        "driver": info.driver,
        "database": info.database,
        "facts": facts,
    }


async def _pooled(layer: DataLayer, sessions: Sessions) -> Facts:
    """With every connection in use by a reader that has read twice."""
    async with AsyncExitStack() as stack:
        for _ in range(POOL):
            store = await stack.enter_async_context(layer.reading())
            for _ in range(2):
                await store.books.get(1)
        facts = {
            "most connections": str(layer.connections().size),
            "one more has to wait": "yes" if await _has_to_wait(layer) else "no",
            "reads autocommit": "no" if sessions.in_transaction() else "yes",
        }
        return facts | await _told(sessions.open(), sessions.session)


async def _has_to_wait(layer: DataLayer) -> bool:
    try:
        async with layer.reading():
            return False
    except Unavailable:
        return True


async def _written(layer: DataLayer, sessions: Sessions) -> Facts:
    """Inside a transaction that has only read so far."""
    async with layer.writing() as store:
        await store.books.get(1)
        begun = sessions.in_transaction()
        facts = {"transactions of a writer": str(len(begun))}
        return facts | await _told(begun, sessions.transaction)


async def _told(connections: Iterable[Any], ask: Callable[[Any], Awaitable[Facts]]) -> Facts:
    """What all of them say; where they differ, everything that they say."""
    answers = [await ask(connection) for connection in connections]
    return {name: _agreed(answer[name] for answer in answers) for name in (answers or [{}])[0]}


def _agreed(values: Iterable[str]) -> str:
    return " or ".join(sorted({*values}))


@contextmanager
def _sqlite_watched() -> Iterator[list[dict[str, Any]]]:
    """The options of every connection that is made, some of which cannot be asked for later."""
    opened: list[dict[str, Any]] = []
    connect: Any = sqlite3.connect

    def watched(*arguments: Any, **options: Any) -> Any:
        opened.append(options)
        return connect(*arguments, **options)

    sqlite3.connect = watched
    try:
        yield opened
    finally:
        sqlite3.connect = connect


if __name__ == "__main__":
    url = DatabaseUrl.parse(os.environ["BAKEOFF_DATABASE_URL"])
    json.dump(asyncio.run(conditions(sys.argv[1], url)), sys.stdout)
