"""The rows that a load works on, made before it begins."""

from __future__ import annotations

from dataclasses import dataclass

from bakeoff_contract.api import Api, Json

_CHANGED, _SOLD, _SCARCE, _CUSTOMERS = 8, 6, 2, 4
_PLENTY, _FEW = 1_000_000, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Books that are only changed, books that are only sold, and a book that tells of recovery.

    All of them are as they were made: version 1, and a stock by the id of the book.
    """

    author: int
    customers: tuple[str, ...]
    changed: tuple[int, ...]
    sold: tuple[int, ...]
    probed: int
    stock: dict[int, int]


def make(api: Api) -> Catalogue:
    """Make the rows; of some books there are so few copies that orders must be refused."""
    author = api.author()["id"]
    customers = tuple(api.user()["id"] for _ in range(_CUSTOMERS))

    def books(count: int, stock: int) -> list[Json]:
        return [api.book(author_id=author, stock=stock) for _ in range(count)]

    changed, probed = books(_CHANGED, _PLENTY), books(1, _PLENTY)
    sold = books(_SOLD, _PLENTY) + books(_SCARCE, _FEW)
    return Catalogue(
        author=author,
        customers=customers,
        changed=tuple(book["id"] for book in changed),
        sold=tuple(book["id"] for book in sold),
        probed=probed[0]["id"],
        stock={book["id"]: book["stock"] for book in (*changed, *sold, *probed)},
    )
