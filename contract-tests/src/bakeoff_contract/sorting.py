"""Books with ties and nulls in every sort key, and the order the contract wants."""

from __future__ import annotations

import random
from typing import Any

from bakeoff_contract.api import Api, Json

SORTS = ["id", "title", "release_year", "price", "created_at"]
BOTH_WAYS = [direction + key for key in SORTS for direction in ("", "-")]


def assorted(api: Api, *, count: int = 24) -> list[Json]:
    """New books of one author, in random order."""
    author = api.author()
    chance = random.Random(5)
    return api.books(
        api.book_body(
            author_id=author["id"],
            title=chance.choice(["a", "A", "á", "b"]),
            release_year=chance.choice([None, None, -4000, 0, 1968, 2100]),
            price=chance.choice(["9.00", "10.00", "9.10", "100.00"]),
        )
        for _ in range(count)
    )


def in_order(books: list[Json], sort: str) -> list[Json]:
    """The books as the contract wants them: nulls last, ties by id in the same direction."""
    key = sort.removeprefix("-")

    def value(book: Json) -> Any:
        return float(book[key]) if key == "price" else book[key]

    descending = sort.startswith("-")
    filled = [book for book in books if book[key] is not None]
    empty = [book for book in books if book[key] is None]
    return sorted(filled, key=lambda book: (value(book), book["id"]), reverse=descending) + sorted(
        empty, key=lambda book: book["id"], reverse=descending
    )
