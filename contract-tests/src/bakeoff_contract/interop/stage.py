"""What a mixed fleet sells: a few books that everybody wants, so that everybody meets."""

from __future__ import annotations

from dataclasses import dataclass

from bakeoff_contract.api import Api, Json, new_isbn

STOCK = 60
PRICES = ["9.99", "0.01", "12.50", "100.00", "3.33", "99999.99"]
ISBNS = 3


@dataclass(frozen=True, slots=True)
class Stage:
    """Rows that no other fleet touches."""

    authors: list[Json]
    customers: list[Json]
    books: list[Json]
    # Books under these come and go; nobody buys them.
    isbns: list[str]
    catalogue_author: Json

    @classmethod
    def set(cls, both: list[Api]) -> Stage:
        """Written by one service and the other in turn."""
        authors = [both[number % 2].author() for number in range(2)]
        return cls(
            authors=authors,
            customers=[both[number % 2].user() for number in range(3)],
            books=[
                both[number % 2].book(
                    author_id=authors[number % 2]["id"], price=price, stock=STOCK, tags=["fleet"]
                )
                for number, price in enumerate(PRICES)
            ],
            isbns=[new_isbn() for _ in range(ISBNS)],
            catalogue_author=both[0].author(),
        )
