"""What the clients of a mixed fleet know to have happened, from the answers they got."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from bakeoff_contract.api import Json


def _versions() -> defaultdict[int, list[int]]:
    return defaultdict(list)


def _prices() -> defaultdict[int, set[str]]:
    return defaultdict(set)


@dataclass(slots=True)
class Ledger:
    """Orders by id as last answered, and what was done to each book."""

    orders: dict[str, Json] = field(default_factory=dict)
    # The versions that changes of a book were answered with, sales and cancellations apart.
    versions: defaultdict[int, list[int]] = field(default_factory=_versions)
    prices: defaultdict[int, set[str]] = field(default_factory=_prices)
    isbns: dict[int, str] = field(default_factory=dict)
    deleted: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    answers: int = 0

    def changed(self, book: Json) -> None:
        """Note a successful change of a book."""
        self.versions[book["id"]].append(book["version"])
        self.prices[book["id"]].add(book["price"])
        if book["isbn"] is not None:
            self.isbns[book["id"]] = book["isbn"]

    @classmethod
    def merged(cls, ledgers: Iterable[Ledger]) -> Ledger:
        """What all of them know."""
        whole = cls()
        for one in ledgers:
            whole.orders |= one.orders
            for book_id, versions in one.versions.items():
                whole.versions[book_id] += versions
            for book_id, prices in one.prices.items():
                whole.prices[book_id] |= prices
            whole.isbns |= one.isbns
            whole.deleted += one.deleted
            whole.counts += one.counts
            whole.answers += one.answers
        return whole
