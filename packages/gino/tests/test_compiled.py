"""Which statements are compiled once, and which are not kept."""

from __future__ import annotations

from typing import Any

import pytest

from bakeoff_gino.engine.compiled import Compiled, once
from bakeoff_gino.tables import AuthorRow
from bakeoff_schemas.records import AuthorData, BookFilter, BookOrder, Window
from bakeoff_schemas.timestamps import now

pytestmark = pytest.mark.anyio


async def test_a_statement_that_returns_is_compiled_once(make_layer: Any) -> None:
    layer = await make_layer()
    compiled = _cache(layer)
    for _ in range(3):
        async with layer.reading() as store:
            await store.authors.list(window=Window())
            await store.books.list(where=BookFilter(), order=BookOrder(), window=Window())
    assert len(compiled) == 2


async def test_a_statement_that_does_not_return_is_not_kept(make_layer: Any) -> None:
    layer = await make_layer()
    async with layer.writing() as store:
        author = await store.authors.create(AuthorData(name="x"), at=now())
        assert await store.authors.find_ids([author.id, author.id + 1]) == {author.id}
    assert len(_cache(layer)) == 0


async def test_layers_do_not_share_what_they_have_compiled(make_layer: Any) -> None:
    first, second = await make_layer(), await make_layer()
    await first.ping()
    async with first.reading() as store:
        await store.authors.list(window=Window())
    assert (len(_cache(first)), len(_cache(second))) == (1, 0)


def test_what_was_not_used_for_long_is_forgotten() -> None:
    compiled = Compiled()
    for number in range(3000):
        compiled[number] = once(AuthorRow.query).compile()
    assert len(compiled) < 1000


def _cache(layer: Any) -> Compiled:
    kept = layer._engine._engine._sa_engine._execution_options["compiled_cache"]
    assert isinstance(kept, Compiled)
    return kept
