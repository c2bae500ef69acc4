from __future__ import annotations

import asyncio
import io
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import astuple
from typing import Protocol

import pytest

from bakeoff.loading.importing import BATCH, Import, Totals
from bakeoff.loading.reading import CatalogueFile
from bakeoff.loading.rows import Reject, RowReader
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas import timestamps
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.records import AuthorData, Book


class StoreUnderTest(Protocol):
    """What the fixtures give."""

    @property
    def url(self) -> DatabaseUrl: ...

    def open(self) -> AbstractAsyncContextManager[UnitOfWork]: ...


FEW = """title,author,isbn,year
Emma,Jane Austen,9780141439587,1815
The Iliad,Homer,,-750
,Nobody,,
The Iliad,Homer,,-750
Emma again,Jane Austen,9780141439587,1816
The Iliad,Homer,,
"""


def run(work: UnitOfWork, content: str, *, dry_run: bool = False) -> tuple[Import, CatalogueFile]:
    file = CatalogueFile(io.BytesIO(content.encode()))
    rows = RowReader(file.columns)
    return Import(work, rows=rows, dry_run=dry_run), file


async def load(work: UnitOfWork, content: str, *, dry_run: bool = False) -> Totals:
    loading, file = run(work, content, dry_run=dry_run)
    assert await loading.run(file)
    return loading.totals


async def books(work: UnitOfWork) -> list[Book]:
    return await work.read(lambda store: store.books.export(after=0, limit=10_000))


def many(count: int, *, first: int = 0) -> str:
    """Titles that repeat after each batch, by as many authors as there are tens."""
    rows = (f"Volume {n},Author {n // 10},{1000 + n // BATCH}" for n in range(first, first + count))
    return "title,author,year\n" + "\n".join(rows) + "\n"


def test_rows_are_loaded_known_or_rejected(store: StoreUnderTest) -> None:
    async def test() -> None:
        async with store.open() as work:
            assert astuple(await load(work, FEW)) == (6, 3, 2, 1)
            found = [(b.title, b.author.name, b.isbn, b.release_year) for b in await books(work)]
            assert found == [
                ("Emma", "Jane Austen", "9780141439587", 1815),
                ("The Iliad", "Homer", None, -750),
                ("The Iliad", "Homer", None, None),
            ]

    asyncio.run(test())


def test_a_second_run_adds_nothing(store: StoreUnderTest) -> None:
    async def test() -> None:
        async with store.open() as work:
            await load(work, FEW)
            before = await books(work)
            assert astuple(await load(work, FEW)) == (6, 0, 5, 1)
            assert await books(work) == before

    asyncio.run(test())


def test_more_rows_than_a_batch_are_loaded_and_found_again(store: StoreUnderTest) -> None:
    count = 2 * BATCH + 5

    async def test() -> None:
        async with store.open() as work:
            assert astuple(await load(work, many(count))) == (count, count, 0, 0)
            assert astuple(await load(work, many(count + 7))) == (count + 7, 7, count, 0)
            stored = await books(work)
            assert [book.title for book in stored] == [f"Volume {n}" for n in range(count + 7)]
            assert len({book.author_id for book in stored}) == -(-(count + 7) // 10)

    asyncio.run(test())


def test_a_repetition_in_a_later_batch_is_known(store: StoreUnderTest) -> None:
    twice = many(BATCH) + many(BATCH).partition("\n")[2]

    async def test() -> None:
        async with store.open() as work:
            assert astuple(await load(work, twice, dry_run=True)) == (2 * BATCH, BATCH, BATCH, 0)
            assert astuple(await load(work, twice)) == (2 * BATCH, BATCH, BATCH, 0)

    asyncio.run(test())


def test_a_dry_run_counts_and_writes_nothing(store: StoreUnderTest) -> None:
    async def test() -> None:
        async with store.open() as work:
            assert astuple(await load(work, FEW, dry_run=True)) == (6, 3, 2, 1)
            assert await books(work) == []
            await load(work, "title,author,isbn\nEmma,Jane Austen,9780141439587\n")
            assert astuple(await load(work, FEW, dry_run=True)) == (6, 2, 3, 1)

    asyncio.run(test())


def test_an_author_who_is_there_already_is_not_added_again(store: StoreUnderTest) -> None:
    async def test() -> None:
        async with store.open() as work:
            now = timestamps.now()
            names = [AuthorData(name="Homer"), AuthorData(name="Homer"), AuthorData(name="homer")]
            made = await work.write(lambda store: store.authors.create_bulk(names, at=now))
            await load(work, "title,author\nThe Iliad,Homer\nThe Odyssey,homer\n")
            assert [b.author_id for b in await books(work)] == [made[0].id, made[2].id]

    asyncio.run(test())


def test_names_that_differ_by_case_or_accent_are_different_books(any_store: StoreUnderTest) -> None:
    content = "title,author\nEmma,Ana\nemma,Ana\nEmma,ana\nEmma,Aná\nEmma\u0301,Ana\n"

    async def test() -> None:
        async with any_store.open() as work:
            assert astuple(await load(work, content)) == (5, 5, 0, 0)
            assert astuple(await load(work, content)) == (5, 0, 5, 0)

    asyncio.run(test())


def test_two_loads_at_once_add_every_book_with_an_isbn_once(any_store: StoreUnderTest) -> None:
    def numbered(n: int) -> str:
        digits = f"978{n:09d}"
        check = -sum((1, 3)[place % 2] * int(digit) for place, digit in enumerate(digits)) % 10
        return f"{digits}{check}"

    rows = (f"Volume {n},Author,{numbered(n)}\n" for n in range(BATCH + 10))
    content = "title,author,isbn\n" + "".join(rows)

    async def test() -> None:
        async with any_store.open() as work:
            totals = await asyncio.gather(load(work, content), load(work, content))
            assert sum(each.loaded for each in totals) == BATCH + 10
            assert sum(each.present for each in totals) == BATCH + 10
            assert len(await books(work)) == BATCH + 10

    asyncio.run(test())


def test_a_run_can_be_stopped_between_batches_and_gone_on_with(store: StoreUnderTest) -> None:
    content = many(3 * BATCH)

    async def test() -> None:
        async with store.open() as work:
            loading, file = run(work, content)
            batches = 0

            def after_batch(rejects: object) -> None:
                nonlocal batches
                batches += 1

            done = await loading.run(file, after_batch=after_batch, stop=lambda: batches == 2)
            assert not done
            assert astuple(loading.totals) == (2 * BATCH, 2 * BATCH, 0, 0)
            assert astuple(await load(work, content)) == (3 * BATCH, BATCH, 2 * BATCH, 0)

    asyncio.run(test())


def test_rejects_are_handed_over_batch_by_batch(store: StoreUnderTest) -> None:
    lines = many(2 * BATCH).splitlines()
    lines[5] = lines[BATCH + 5] = ",,"

    async def test() -> None:
        async with store.open() as work:
            loading, file = run(work, "\n".join(lines))
            seen: list[list[int]] = []

            def after_batch(rejects: Sequence[Reject]) -> None:
                seen.append([reject.line for reject in rejects])

            await loading.run(file, after_batch=after_batch)
            assert seen == [[6], [BATCH + 6]]

    asyncio.run(test())


def test_a_database_that_goes_away_leaves_totals_that_are_true(file_store: StoreUnderTest) -> None:
    """Another process takes the file after the first batch, and does not give it back."""

    async def test() -> None:
        async with file_store.open() as work:
            loading, file = run(UnitOfWork(work.layer, contention_retries=0), many(3 * BATCH))
            with closing(sqlite3.connect(file_store.url.name)) as other:

                def after_batch(rejects: object) -> None:
                    other.execute("BEGIN IMMEDIATE")

                with pytest.raises(Unavailable):
                    await loading.run(file, after_batch=after_batch)
            assert astuple(loading.totals) == (BATCH, BATCH, 0, 0)
            assert len(await books(work)) == BATCH

    asyncio.run(test())
