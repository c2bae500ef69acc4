"""The books that the bench works on: any number of them, and always the same ones.

Everything follows from a number, counted from one, so that a worker can name what it will find
without asking. A smaller data set is the beginning of a larger one.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from bakeoff_bench import vocabulary as words
from bakeoff_schemas import text
from bakeoff_schemas.isbn import isbn13_check_digit
from bakeoff_schemas.records import AuthorData, BookData, Idempotency, NewOrder, NewUser

SIZES = {"1k": 1_000, "100k": 100_000, "1m": 1_000_000}
STOCK = 1_000_000
"""Copies of each book before the orders of the data set: more than any run can sell."""
CHUNK = 1_000
"""Books that are loaded at once, and so share their first instant."""

BEGAN = datetime(2022, 1, 1, tzinfo=UTC)
FRONTIER = datetime(2025, 1, 1, tzinfo=UTC)
"""Every instant of the data set is before this; what a run writes is after it."""
_FIRST_SALE = datetime(2024, 7, 1, tzinfo=UTC)

ADJECTIVES, NOUNS, PLACES = words.ADJECTIVES, words.NOUNS, words.PLACES
# The kinds change fastest, so that all of them are among the tags that are used most.
TAGS = tuple(f"{manner} {kind}" for manner in words.MANNERS for kind in words.KINDS)
"""All tags, the most used first, as the contract folds them."""

_TAGS_OF_A_BOOK = 3
_MASK = 2**64 - 1
_BOOK, _AUTHOR, _USER, _ORDER, _TAG, _KEY = range(6)
_PASSWORD_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$YmFrZW9mZi1iZW5jaC0wMQ"
    "$Q6cZ0m7o4n1n9rO8m0u7lq8Yc3n5t1y2w4x6z8a0b2c"
)


def authors_of(books: int) -> int:
    """The number of authors of so many books."""
    return max(1, books // 5)


def users_of(books: int) -> int:
    """The number of customers of a store with so many books."""
    return min(1_000, books)


def orders_of(books: int) -> int:
    """How many orders a store of so many books has had, each with a key.

    On PostgreSQL a connection keeps its plan for a foreign key. If the table that it refers to had
    but a page or two then, that is a scan of the table, however large it is by now: the arm that
    was warmed up first would pay for it, and no other.
    """
    return min(5_000, books)


def mix(*numbers: int) -> int:
    """64 pseudo-random bits from whole numbers: the finaliser of SplitMix64."""
    state = 0
    for number in numbers:
        state = (state + number + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ state >> 27) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def isbn13(number: int, *, prefix: str = "978") -> str:
    """The ISBN of a number of up to nine digits; the data set uses the prefix 978, runs use 979."""
    digits = f"{prefix}{number:09d}"
    return digits + isbn13_check_digit(digits)


def book(number: int) -> BookData:
    """The book with this id: 1 in 10 has no ISBN, each has three tags, some authors many books."""
    bits = mix(_BOOK, number)
    title = _title(bits, number)
    return BookData(
        isbn=None if number % 10 == 0 else isbn13(number),
        title=title,
        title_key=text.search_key(title),
        author_id=1 + int(_fraction(mix(_AUTHOR, number)) ** 1.5 * authors_of(number)),
        release_year=None if bits % 32 == 0 else 2024 - int(_fraction(bits) ** 2 * 174),
        price=Decimal(200 + bits % 9_800).scaleb(-2),
        stock=STOCK,
        in_print=bits % 20 > 2,
        tags=_tags(number),
        attributes=_attributes(bits),
    )


def created_at(number: int) -> datetime:
    """When the book with this id was added."""
    return BEGAN + timedelta(minutes=(number - 1) // CHUNK)


def author(number: int) -> AuthorData:
    """The author with this id; 1 in 4 has no date of birth."""
    bits = mix(_AUTHOR, _AUTHOR, number)
    name = f"{_pick(words.FORENAMES, bits)} {_pick(words.SURNAMES, bits >> 16)}"
    if bits >> 32 & 1:
        name = f"{name}-{_pick(words.SURNAMES, bits >> 40)}"
    born = date(1850, 1, 1) + timedelta(days=bits % 54_000) if bits >> 33 & 3 else None
    return AuthorData(name=name, born=born)


def user_id(number: int) -> UUID:
    return _uuid(_USER, number)


def user(number: int) -> NewUser:
    """A customer, who cannot log in."""
    name = f"Reader{number:06d}"
    return NewUser(
        id=user_id(number),
        username=name,
        username_key=name.casefold(),
        email=f"reader{number:06d}@example.org",
        password_hash=_PASSWORD_HASH,
        created_at=BEGAN + timedelta(seconds=number),
    )


def order_id(number: int) -> UUID:
    return _uuid(_ORDER, number)


def order(number: int, *, books: int) -> NewOrder:
    """The order with this number: one to three of so many books, one order a minute."""
    bits = mix(_ORDER, number)
    quantities = {
        1 + mix(_ORDER, number, line) % books: 1 + (bits >> 2 * line) % 3
        for line in range(1 + bits % 3)
    }
    return NewOrder(
        id=order_id(number),
        customer_id=user_id(1 + bits % users_of(books)),
        quantities=quantities,
        placed_at=_FIRST_SALE + timedelta(minutes=number),
        idempotency=_key(number),
    )


def fingerprint() -> str:
    """A SHA-256 that changes when the code of the data set does."""
    digest = hashlib.sha256()
    for module in (__file__, words.__file__):
        digest.update(Path(module).read_bytes())
    return digest.hexdigest()


def _title(bits: int, number: int) -> str:
    title = (
        f"The {_pick(ADJECTIVES, bits)} {_pick(NOUNS, bits >> 8)} of {_pick(PLACES, bits >> 16)}"
    )
    if bits >> 24 & 3 == 0:
        title = f"{title}: {_pick(words.SUBTITLES, bits >> 26)}"
    if bits >> 32 & 3 == 0:
        title = f"{title}, Volume {1 + number % 12}"
    return title


def _tags(number: int) -> list[str]:
    """Tags by Zipf's law: the rank of a tag is the reciprocal of its frequency."""
    chosen: set[str] = set()
    draw = 0
    while len(chosen) < _TAGS_OF_A_BOOK:
        rank = len(TAGS) ** _fraction(mix(_TAG, number, draw))
        chosen.add(TAGS[int(rank) - 1])
        draw += 1
    return sorted(chosen)


def _attributes(bits: int) -> dict[str, Any]:
    """Two to five keys."""
    optional: tuple[tuple[str, Any], ...] = (
        ("publisher", _pick(words.PUBLISHERS, bits >> 20)),
        ("dimensions", {"height_mm": 180 + bits % 70, "width_mm": 110 + bits % 50}),
        ("binding", _pick(words.BINDINGS, bits >> 28)),
    )
    return {
        "pages": 40 + bits % 900,
        "language": _pick(words.LANGUAGES, bits >> 12),
        **dict(optional[: (bits >> 36) % 4]),
    }


def _key(number: int) -> Idempotency:
    token = str(_uuid(_KEY, number))
    return Idempotency(token=token, fingerprint=hashlib.sha256(token.encode()).hexdigest())


def _pick(choices: tuple[str, ...], bits: int) -> str:
    return choices[bits % len(choices)]


def _fraction(bits: int) -> float:
    """From 0 up to, but not including, 1."""
    return (bits >> 11) / 2**53


def _uuid(*numbers: int) -> UUID:
    return UUID(int=mix(*numbers) << 64 | mix(*numbers, 1), version=4)
