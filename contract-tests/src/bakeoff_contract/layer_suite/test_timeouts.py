"""Nothing is waited for without end, and what took too long is told by the setting that said so."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bakeoff_contract.layer_suite.database import TIMEOUT, LayerDatabase
from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_schemas.errors import Contended, Unavailable
from bakeoff_schemas.ports import DataLayer

pytestmark = pytest.mark.anyio


@pytest.mark.needs("network")
async def test_a_read_that_takes_too_long_is_unavailable_and_not_tried_again(
    make_layer: Any, layer: DataLayer, database: LayerDatabase, factory: Factory
) -> None:
    (book_id,) = await factory.books(layer, 1)
    hasty = await make_layer(statement_timeout=0.5, pool_max=1)

    async def read() -> None:
        async with asyncio.timeout(TIMEOUT), hasty.reading() as store:
            await store.books.get(book_id)

    with (
        database.server.books_hidden(),
        pytest.raises(Unavailable, match="BAKEOFF_STATEMENT_TIMEOUT") as caught,
    ):
        await read()
    assert not isinstance(caught.value, Contended)
    assert hasty.connections().in_use == 0
    await read()


@pytest.mark.needs("network")
async def test_a_lock_is_not_waited_for_without_end(
    make_layer: Any, layer: DataLayer, database: LayerDatabase, factory: Factory
) -> None:
    (book_id,) = await factory.books(layer, 1)
    hasty = await make_layer(statement_timeout=1.0, pool_max=1)

    async def change() -> None:
        async with asyncio.timeout(TIMEOUT), hasty.writing() as store:
            await store.books.change(book_id, {}, at=factory.now, expected=None)

    with database.throwaway.books_locked(), pytest.raises(Unavailable):
        await change()
    assert hasty.connections().in_use == 0
    await change()


@pytest.mark.needs("file")
@pytest.mark.trap(27)
async def test_a_file_that_another_process_keeps_locked_is_contended_and_can_be_read(
    make_layer: Any, database: LayerDatabase, factory: Factory
) -> None:
    layer = await make_layer(busy_timeout=0.1, pool_max=1)
    author_id = await factory.author(layer)
    with database.throwaway.books_locked():
        with pytest.raises(Contended):
            await factory.author(layer)
        assert layer.connections().in_use == 0
        async with layer.reading() as store:
            assert await store.authors.find_ids([author_id]) == {author_id}
    await factory.author(layer)


@pytest.mark.needs("file")
@pytest.mark.trap(27)
async def test_another_process_that_is_soon_done_is_waited_for(
    make_layer: Any, database: LayerDatabase, factory: Factory
) -> None:
    """Also by who has read in this unit of work before it writes."""
    layer = await make_layer(busy_timeout=TIMEOUT)
    author_id = await factory.author(layer)

    async def rename() -> None:
        async with layer.writing() as store:
            author = await store.authors.get(author_id)
            await store.authors.change(author_id, {"name": author.name})

    with database.throwaway.books_locked():
        task = asyncio.ensure_future(rename())
        await asyncio.sleep(0.1)
        assert not task.done()
    await task
