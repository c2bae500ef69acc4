from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bakeoff.loading.importing import Import
from bakeoff.loading.reading import CatalogueFile, open_sample
from bakeoff.loading.rows import SYNONYMS, RowReader
from bakeoff.unit_of_work import UnitOfWork


class StoreUnderTest(Protocol):
    """What the fixture gives."""

    def open(self) -> AbstractAsyncContextManager[UnitOfWork]: ...


def test_the_sample_says_everything_that_a_catalogue_can_say() -> None:
    with open_sample() as binary:
        file = CatalogueFile(binary)
        assert set(RowReader(file.columns).columns) == set(SYNONYMS) - {"in_print"}
        assert 30 <= len(list(file)) <= 60


def test_every_book_of_the_sample_is_loaded(store: StoreUnderTest) -> None:
    async def test() -> None:
        async with store.open() as work:
            with open_sample() as binary:
                file = CatalogueFile(binary)
                loading = Import(work, rows=RowReader(file.columns))
                await loading.run(file)
            assert loading.totals.loaded == loading.totals.read > 0

    asyncio.run(test())
