"""Tortoise keeps much of what it knows in the models and in what is current in a task."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bakeoff_contract.throwaway import Throwaway
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import NotFound
from bakeoff_schemas.records import AuthorData
from bakeoff_tortoise.layer import Layer

pytestmark = pytest.mark.anyio

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.on("sqlite")
async def test_a_second_kind_of_database_is_refused_as_long_as_the_first_is_in_use(
    database: Throwaway,
) -> None:
    layer = Layer(LayerConfig(url=database.url))
    other = Layer(LayerConfig(url=DatabaseUrl.parse("mysql://127.0.0.1/elsewhere")))
    await layer.open()
    try:
        with pytest.raises(RuntimeError, match="one kind of database"):
            await other.open()
        async with layer.reading() as store:
            assert await store.authors.find_ids([1]) == set()
    finally:
        await layer.close()


async def test_stores_that_one_task_has_open_at_once_keep_their_own_connections(
    database: Throwaway,
) -> None:
    layer = Layer(LayerConfig(url=database.url))
    await layer.open()
    async with layer.writing() as writer, layer.reading() as reader:
        author = await writer.authors.create(AuthorData(name="Nobody yet"), at=NOW)
        with pytest.raises(NotFound):
            await reader.authors.get(author.id)
        assert await writer.authors.get(author.id) == author
    await layer.close()
