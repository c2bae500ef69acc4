"""Tortoise keeps much of what it knows in the models; layers must not hear of each other."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import NotFound
from bakeoff_schemas.records import AuthorData, BookData, BookFilter, BookOrder, Window
from bakeoff_tortoise.layer import Layer

pytestmark = pytest.mark.anyio

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


async def _add(layer: Layer) -> int:
    async with layer.writing() as store:
        author = await store.authors.create(AuthorData(name="Ursula K. Le Guin"), at=NOW)
        title = uuid4().hex
        data = BookData(
            isbn=None,
            title=title,
            title_key=title,
            author_id=author.id,
            price=Decimal("9.50"),
            tags=["fantasy"],
            attributes={"pages": 205},
        )
        book = await store.books.create(data, at=NOW)
    async with layer.reading() as store:
        assert await store.books.get(book.id) == book
        where = BookFilter(text=title[3:12], tags=("fantasy",), min_price=Decimal("9.50"))
        page = await store.books.list(where=where, order=BookOrder(key="price"), window=Window())
        assert page.items == [book]
    return author.id


async def test_layers_on_every_server_work_at_the_same_time(places: Any) -> None:
    async with AsyncExitStack() as stack:
        layers = [Layer(LayerConfig(url=place.url)) for place in places]
        for layer in layers:
            stack.push_async_callback(layer.close)
            await layer.open()
        await asyncio.gather(*(_add(layer) for layer in layers for _ in range(5)))


async def test_stores_that_one_task_has_open_at_once_keep_their_own_connections(
    place: Any,
) -> None:
    layer = Layer(LayerConfig(url=place.url))
    await layer.open()
    async with layer.writing() as writer, layer.reading() as reader:
        author = await writer.authors.create(AuthorData(name="Nobody yet"), at=NOW)
        with pytest.raises(NotFound):
            await reader.authors.get(author.id)
        assert await writer.authors.get(author.id) == author
    await layer.close()
