"""The authors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from bakeoff_memory.layer import Layer
from bakeoff_schemas.errors import AuthorHasBooks, NotFound
from bakeoff_schemas.records import AuthorData, BookData

pytestmark = pytest.mark.anyio


@pytest.fixture
async def authors(layer: Layer, now: datetime) -> Layer:
    """Three authors, two of the same name."""
    names = ["Ursula", "Terry", "Ursula"]
    async with layer.writing() as store:
        created = await store.authors.create_bulk([AuthorData(name=name) for name in names], at=now)
    assert [(author.id, author.name) for author in created] == list(enumerate(names, start=1))
    return layer


async def test_a_change_touches_only_what_is_given(authors: Layer) -> None:
    async with authors.writing() as store:
        born = await store.authors.change(1, {"born": date(1929, 10, 21)})
        assert (born.name, born.born) == ("Ursula", date(1929, 10, 21))
        renamed = await store.authors.change(1, {"name": "Ursula K."})
        assert (renamed.name, renamed.born) == ("Ursula K.", date(1929, 10, 21))
        assert await store.authors.change(1, {}) == renamed
        assert (await store.authors.change(1, {"born": None})).born is None


async def test_an_author_goes_once_the_last_book_has_gone(
    authors: Layer, now: datetime, a_book: Callable[..., BookData]
) -> None:
    async with authors.writing() as store:
        one = await store.books.create(a_book(author_id=1), at=now)
        two = await store.books.create(a_book(author_id=1), at=now)
        await store.authors.delete(2)
    async with authors.writing() as store:
        await store.books.delete(one.id, expected=None)
        with pytest.raises(AuthorHasBooks):
            await store.authors.delete(1)
        await store.books.change(two.id, {"author_id": 3}, at=now, expected=None)
        await store.authors.delete(1)
        with pytest.raises(AuthorHasBooks):
            await store.authors.delete(3)
        with pytest.raises(NotFound):
            await store.authors.get(1)


async def test_an_author_who_is_not_there_cannot_be_read_changed_or_removed(
    authors: Layer,
) -> None:
    async with authors.writing() as store:
        for call in (
            store.authors.get(2**63 - 1),
            store.authors.change(4, {"name": "Ged"}),
            store.authors.delete(4),
        ):
            with pytest.raises(NotFound):
                await call


async def test_of_several_with_one_name_the_lowest_id_is_found(authors: Layer) -> None:
    async with authors.writing() as store:
        assert await store.authors.find_names(["Ursula", "URSULA", "Ged"]) == {"Ursula": 1}
        await store.authors.delete(1)
        assert await store.authors.find_names(["Ursula", "Terry"]) == {"Ursula": 3, "Terry": 2}
        assert await store.authors.find_ids([1, 2, 3, 2**63 - 1]) == {2, 3}
