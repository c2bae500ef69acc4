"""Connections end at the worst moment: after the look at a pooled one, and all the time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from bakeoff_contract.layer_suite import BOTH_LOOPS
from bakeoff_contract.layer_suite.database import POOL, LayerDatabase
from bakeoff_contract.layer_suite.factory import NOW, Factory
from bakeoff_schemas.errors import ConnectionLost, Unavailable
from bakeoff_schemas.ports import DataLayer, Store
from bakeoff_schemas.records import AuthorData

pytestmark = [pytest.mark.anyio, BOTH_LOOPS, pytest.mark.needs("network")]


@pytest.mark.parametrize("to_write", [True, False], ids=["a write", "a read"])
async def test_a_connection_that_ends_between_the_look_at_it_and_its_use_is_lost_before_the_work(
    layer: DataLayer, database: LayerDatabase, factory: Factory, to_write: bool
) -> None:
    author_id = await factory.author(layer)

    async def write() -> None:
        async with layer.writing():
            pass

    async def read() -> None:
        async with layer.reading() as store:
            await store.authors.get(author_id)

    for _ in range(5):
        await read()
        # It blocks, so that the event loop has not heard of it when the connection is taken.
        database.server.end(database.server.sessions())
        with suppress(ConnectionLost):
            await (write() if to_write else read())
        assert layer.connections().in_use == 0
        database.server.end(database.server.sessions())
        await factory.work(layer).read(lambda store: store.authors.get(author_id))


async def test_a_unit_of_work_is_run_again_on_a_connection_that_was_dead_before_it_began(
    layer: DataLayer, database: LayerDatabase, factory: Factory
) -> None:
    for _ in range(5):
        name = factory.name()
        await layer.ping()
        database.server.end(database.server.sessions())
        await factory.work(layer).write(partial(_create, name=name))
        assert await factory.authors_named(layer, name) == 1


async def test_connections_that_end_all_the_time_lose_nothing_and_end_in_no_other_error(
    make_layer: Any, database: LayerDatabase, factory: Factory
) -> None:
    layer = await make_layer(pool_timeout=5.0)
    work = factory.work(layer)
    acknowledged: list[str] = []
    unavailable = 0
    over = asyncio.Event()

    async def end_all() -> None:
        for _ in range(10):
            await asyncio.sleep(0.2)
            await asyncio.to_thread(database.server.end, database.server.sessions())
        over.set()

    async def write() -> None:
        nonlocal unavailable
        while not over.is_set():
            name = factory.name()

            try:
                await work.write(partial(_create, name=name))
            except Unavailable:
                unavailable += 1
                await asyncio.sleep(0.01)
            else:
                acknowledged.append(name)

    await asyncio.gather(end_all(), *(write() for _ in range(2 * POOL)))
    assert acknowledged
    found: dict[str, int] = {}
    for start in range(0, len(acknowledged), 500):
        async with layer.reading() as store:
            found |= await store.authors.find_names(acknowledged[start : start + 500])
    assert found.keys() == {*acknowledged}, f"{unavailable} were unavailable"
    assert layer.connections().in_use == 0


async def _create(store: Store, *, name: str) -> None:
    await store.authors.create(AuthorData(name=name), at=NOW)
    await store.authors.find_names([name])
