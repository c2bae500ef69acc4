"""Inputs of the operations of each scenario: drawn from a seed, the same for every arm.

Where an input needs data (a tag, a title), only a number is drawn. The arm reads the data before
the clock starts, so any catalogue will do. Mixes are dealt from a deck, so every slice has the same
shares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from itertools import cycle, islice, repeat
from random import Random
from typing import Any
from uuid import UUID

from bakeoff_bench import dataset
from bakeoff_bench.arms.catalogue import ARMS
from bakeoff_schemas.money import from_cents
from bakeoff_schemas.records import BookChanges, BookData, BookFilter, BookOrder, Keyset, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which page of books."""

    where: BookFilter
    order: BookOrder
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to change about a book."""

    book_id: int
    changes: BookChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsertion:
    """A book to add, or to put in the place of the one with the id `replaces`."""

    data: BookData
    replaces: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """Who buys how many copies of which books."""

    customer_id: UUID
    quantities: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From an instant up to, but not including, another."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operation of a mix: an input of another scenario."""

    scenario: str
    input: Any


BULK = 1000
"""Books of one bulk insert: the most that the service takes."""
LINES = 3
"""Books of one order."""
_TEMPLATES = 2000
_ISBNS_OF_AN_ARM = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What an input is drawn from."""

    random: Random
    books: int
    touched: int
    isbns: Iterator[str]
    turns: Iterator[bool] = field(default_factory=lambda: cycle((False, True)))


YEAR = Period(since=datetime(2024, 1, 1, tzinfo=UTC), until=dataset.FRONTIER)
"""All sales of the data set, and none of those that a run makes."""


def fresh_isbns(arm: str) -> Iterator[str]:
    """ISBNs that neither the data set nor any other arm uses, always the same ones.

    They are free in a database that was cleaned since this arm last wrote to it.
    """
    first = [spec.name for spec in ARMS].index(arm) * _ISBNS_OF_AN_ARM
    numbers = range(first, first + _ISBNS_OF_AN_ARM)
    return (dataset.isbn13(number, prefix="979") for number in numbers)


def stream(
    scenario: str, *, seed: int, books: int, isbns: Iterator[str], touched: int | None = None
) -> Iterator[Any]:
    """Inputs without end, for a data set of so many books; `isbns` are those that new books get.

    Ids are those of so many `touched` books, evenly spread over the data set, or of all.

    :raises KeyError: there is no such scenario.
    """
    random = Random(f"{scenario} {seed}")
    source = _Source(random=random, books=books, touched=touched or books, isbns=isbns)
    return _inputs(scenario, source)


def draw(scenario: str, *, seed: int, count: int, books: int, isbns: Iterator[str]) -> list[Any]:
    """The first ones of the stream.

    :raises KeyError: there is no such scenario.
    """
    return list(islice(stream(scenario, seed=seed, books=books, isbns=isbns), count))


def _inputs(scenario: str, source: _Source) -> Iterator[Any]:
    if scenario in _MIXES:
        return _dealt(_MIXES[scenario], source)
    make = _INPUTS[scenario]
    return (make(source) for _ in repeat(None))


def _dealt(shares: Mapping[str, int], source: _Source) -> Iterator[Step]:
    inputs = {name: _inputs(name, source) for name in shares}
    deck = [name for name, cards in shares.items() for _ in range(cards)]
    while True:
        source.random.shuffle(deck)
        for name in deck:
            yield Step(scenario=name, input=next(inputs[name]))


def _book_id(source: _Source) -> int:
    return _spread(source.random.randint(1, source.touched), source)


def _deep(source: _Source) -> Listing:
    """A page after a random book of the middle half."""
    quarter = source.touched // 4
    after = _spread(source.random.randint(quarter, source.touched - quarter), source)
    window = Window(after=Keyset(value=after, id=after))
    return Listing(where=BookFilter(), order=BookOrder(), window=window)


def _spread(number: int, source: _Source) -> int:
    """The id of the touched book with this number; the last one is the last book."""
    return number * source.books // source.touched


def _new_book(source: _Source) -> BookData:
    """A book with the words, authors and tags of the data set."""
    number = 1 + source.random.randrange(min(source.books, _TEMPLATES))
    return replace(_template(number), isbn=next(source.isbns))


def _new_books(source: _Source) -> list[BookData]:
    return [_new_book(source) for _ in range(BULK)]


def _change(source: _Source) -> Change:
    """Price and stock, which a shop changes most often."""
    return Change(
        book_id=_book_id(source), changes=BookChanges(price=_price(source), stock=_stock(source))
    )


def _upsertion(source: _Source) -> Upsertion:
    """A new book and an existing one, alternately."""
    book = replace(_new_book(source), price=_price(source), stock=_stock(source))
    is_there = next(source.turns)
    return Upsertion(data=book, replaces=_book_id(source) if is_there else None)


def _basket(source: _Source) -> Basket:
    books = source.random.sample(range(1, source.books + 1), min(LINES, source.books))
    customer = source.random.randint(1, dataset.users_of(source.books))
    return Basket(
        customer_id=dataset.user_id(customer),
        quantities={book_id: source.random.randint(1, 3) for book_id in books},
    )


def _price(source: _Source) -> Decimal:
    return from_cents(source.random.randint(200, 9_999))


def _stock(source: _Source) -> int:
    return dataset.STOCK + source.random.randrange(1_000)


_template = cache(dataset.book)

_INPUTS: dict[str, Callable[[_Source], Any]] = {
    "point-read": _book_id,
    "page-first": lambda source: None,
    "page-deep": _deep,
    "page-filtered": _book_id,
    "page-sorted": _book_id,
    "search": _book_id,
    "report-sales": lambda source: YEAR,
    "report-tags": lambda source: None,
    "export": lambda source: source.books,
    "create": _new_book,
    "update-noop": _book_id,
    "update": _change,
    "bulk-insert": _new_books,
    "upsert": _upsertion,
    "order": _basket,
    "cancel": _basket,
}
_MIXES = {
    "browse": {"point-read": 10, "page-first": 4, "page-deep": 3, "search": 2, "update": 1},
    "checkout": {"point-read": 1, "order": 1},
}
