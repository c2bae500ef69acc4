"""A small run by hand: three books, calls that the judge has nothing against, and what is stored."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

from bakeoff_contract.faults.call import Call, Kind, Sent, Shown
from bakeoff_contract.faults.catalogue import Catalogue
from bakeoff_contract.faults.findings import Findings
from bakeoff_contract.faults.judge import judge
from bakeoff_contract.faults.judging_answers import Downtime
from bakeoff_contract.faults.readback import Stored, StoredBook, StoredOrder

CHANGED, SOLD, PROBED = 1, 2, 3
STOCK = 100
LIMIT = 5.0
CATALOGUE = Catalogue(
    author=1,
    customers=("customer",),
    changed=(CHANGED,),
    sold=(SOLD,),
    probed=PROBED,
    stock=dict.fromkeys((CHANGED, SOLD, PROBED), STOCK),
)


def _untouched() -> dict[int, StoredBook]:
    return {
        book: StoredBook(isbn=None, title="as made", version=1, stock=STOCK)
        for book in CATALOGUE.stock
    }


@dataclass
class Scenario:
    """Calls are a tenth of a second long and follow one another, unless they say otherwise."""

    calls: list[Call] = field(default_factory=list)
    books: dict[int, StoredBook] = field(default_factory=_untouched)
    orders: dict[str, StoredOrder] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def call(self, kind: Kind, status: int | None, *, shown: Shown | None = None, **rest: Any) -> Call:
        """One more call; what does not belong to the call belongs to what was sent."""
        number = next(self._numbers)
        own = {name for name in Call.__dataclass_fields__ if name in rest}
        about: dict[str, Any] = {"called": float(number), "ended": number + 0.1}
        about |= {name: rest.pop(name) for name in own}
        if status is None:
            about.setdefault("no_answer", "closed")
        elif status == 503:
            about.setdefault("problem", "unavailable")
        call = Call(client=1, sent=Sent(kind=kind, **rest), status=status, shown=shown, **about)
        self.calls.append(call)
        return call

    # --- what is done well --------------------------------------------------------------------

    def create(self, isbn: str, *, status: int | None = 201, is_there: bool = True, **rest: Any) -> int:
        """A create, and the book, if it is there."""
        id_ = 100 + next(self._numbers)
        title = f"title of {isbn}"
        shown = Shown(book=id_, title=title, version=1, stock=0) if status == 201 else None
        self.call("create", status, shown=shown, isbn=isbn, title=title, **rest)
        if is_there:
            self.books[id_] = StoredBook(isbn=isbn, title=title, version=1, stock=0)
        return id_

    def change(self, *, status: int | None = 200, is_done: bool = True, **rest: Any) -> Call:
        """A change of the version that the book has."""
        before = self.books[CHANGED]
        title = f"title {next(self._numbers)}"
        after = replace(before, title=title, version=before.version + 1)
        shown = None
        if status == 200:
            shown = Shown(book=CHANGED, title=title, version=after.version, stock=after.stock)
        if is_done:
            self.books[CHANGED] = after
        return self.call(
            "change", status, shown=shown, book=CHANGED, title=title, if_match=before.version, **rest
        )

    def read(self, book: int = CHANGED) -> Call:
        """A read of what is there."""
        there = self.books[book]
        shown = Shown(book=book, title=there.title, version=there.version, stock=there.stock)
        return self.call("read", 200, shown=shown, book=book)

    def order(
        self, key: str, *, status: int | None = 201, is_there: bool = True, **rest: Any
    ) -> None:
        """An order of two copies; its id is that of its key."""
        shown = Shown(order=f"id-{key}") if status == 201 else None
        self.call("order", status, shown=shown, book=SOLD, key=key, quantity=2, **rest)
        if is_there and f"id-{key}" not in self.orders:
            self.orders[f"id-{key}"] = StoredOrder(status="placed", copies={SOLD: 2}, key=key)
            self.sell(2)

    def cancel(
        self, key: str, *, status: int | None = 200, is_done: bool = True, **rest: Any
    ) -> None:
        """The cancellation of an order that is there."""
        id_ = f"id-{key}"
        shown = Shown(order=id_) if status == 200 else None
        self.call(
            "cancel", status, shown=shown, book=SOLD, key=key, quantity=2, order=id_, **rest
        )
        if is_done and self.orders[id_].status == "placed":
            self.orders[id_] = replace(self.orders[id_], status="cancelled")
            self.sell(-2)

    def sell(self, copies: int) -> None:
        """What a sale does to the book."""
        sold = self.books[SOLD]
        self.books[SOLD] = replace(sold, stock=sold.stock - copies, version=sold.version + 1)

    # --- the judgement ------------------------------------------------------------------------

    def judged(self, *, down: Downtime | None = None) -> Findings:
        """What the judge finds."""
        return judge(self.calls, CATALOGUE, self.stored, limit=LIMIT, down=down)

    @property
    def stored(self) -> Stored:
        """What is stored."""
        return Stored(books=self.books, orders=self.orders)
