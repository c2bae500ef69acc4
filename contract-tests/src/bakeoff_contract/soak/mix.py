"""The mixed load: what customers and the shop do, mostly reads, with orders and changes between."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

from bakeoff_contract.api import Json
from bakeoff_contract.soak.connection import Answer, encoded

# Orders to choose from when one is cancelled; without a bound they would fill our own memory.
_REMEMBERED = 1000
_STOCK = 1000
EXPECTED = frozenset({200, 201, 409, 412})
"""What the service may answer to these requests."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and what to do with its answer."""

    content: bytes
    learn: Callable[[Answer], None]


class Mix:
    """Draws requests; all clients share one, so that they meet at the same books and orders."""

    def __init__(self, base_url: str, books: Sequence[Json], customer: Json, *, seed: int) -> None:
        """All requests are about these books and this customer."""
        self._request = partial(encoded, base_url)
        self._versions = {book["id"]: book["version"] for book in books}
        self._books = [*self._versions]
        self._author = books[0]["author_id"]
        self._customer = customer["id"]
        self._orders: deque[str] = deque(maxlen=_REMEMBERED)
        self._chance = random.Random(seed)
        kinds: dict[Callable[[], Asked], int] = {
            self._read: 50,
            self._page: 10,
            self._search: 5,
            self._orders_of_the_customer: 5,
            self._change: 14,
            self._order: 10,
            self._cancel: 6,
        }
        self._kinds = [*kinds]
        self._weights = [*accumulate(kinds.values())]

    def draw(self) -> Asked:
        """The next request."""
        return self._chance.choices(self._kinds, cum_weights=self._weights)[0]()

    def _get(self, path: str) -> Asked:
        return Asked(self._request("GET", path), _nothing)

    def _read(self) -> Asked:
        return self._get(f"/books/{self._chance.choice(self._books)}")

    def _page(self) -> Asked:
        return self._get(f"/books?author_id={self._author}&sort=-price&limit=10")

    def _search(self) -> Asked:
        return self._get(f"/books?q={self._chance.randrange(100)}&limit=5")

    def _orders_of_the_customer(self) -> Asked:
        return self._get(f"/orders?customer_id={self._customer}&limit=5")

    def _change(self) -> Asked:
        book = self._chance.choice(self._books)
        body = json.dumps({"stock": _STOCK}).encode()
        condition = [f'If-Match: "{self._versions[book]}"'] if self._chance.random() < 0.5 else []
        content = self._request("PATCH", f"/books/{book}", body, *condition)
        return Asked(content, self._learn_version)

    def _order(self) -> Asked:
        chosen = self._chance.sample(self._books, self._chance.randint(1, 3))
        lines = [{"book_id": book, "quantity": 1} for book in chosen]
        body = json.dumps({"customer_id": self._customer, "lines": lines}).encode()
        key = f"Idempotency-Key: {self._chance.getrandbits(96):x}"
        return Asked(self._request("POST", "/orders", body, key), self._learn_order)

    def _cancel(self) -> Asked:
        if not self._orders:
            return self._read()
        order = self._chance.choice(self._orders)
        return Asked(self._request("POST", f"/orders/{order}/cancel"), _nothing)

    def _learn_version(self, answer: Answer) -> None:
        # Who was told that the version is stale does not learn the present one by that.
        if answer.status == 200:
            book = json.loads(answer.body)
            self._versions[book["id"]] = book["version"]

    def _learn_order(self, answer: Answer) -> None:
        if answer.status == 201:
            self._orders.append(json.loads(answer.body)["id"])


def _nothing(answer: Answer) -> None:
    """Other answers teach nothing."""
