"""Shoppers for Locust: `Browse` looks at the catalogue, `Checkout` buys as often as it reads.

It needs Locust, this file, and a service over a data set of the bench, whose books have the ids 1
and so on. Over several machines, started on each with this file:

    locust -f locustfile.py Browse --master --expect-workers 2 --headless \
        --host http://service:8000 --users 200 --spawn-rate 200 --run-time 60s
    locust -f locustfile.py Browse --worker --master-host <the master's address>

Users do not pause, so there are as many requests at once as users.
"""

from __future__ import annotations

import json
import random
import urllib.request
from typing import Any, ClassVar
from urllib.parse import quote

import gevent
from locust import FastHttpUser, constant, events, task
from locust.env import Environment

SHARES = {
    "browse": {"point-read": 10, "page-first": 4, "page-deep": 3, "search": 2, "update": 1},
    "checkout": {"point-read": 1, "order": 1},
}
"""Of so many requests, so many of each kind; the names are those of the bench's scenarios."""

_LINES = 3
_CENTS = 200, 9_999
_COPIES = 1_000_000, 1_000_999


class _Store:
    """What is in the store; each process requests it once, outside of the figures."""

    books: int
    customers: list[str]


@events.init.add_listener
def _look_at_the_clock(**_: Any) -> None:
    """Update gevent's clock, which stood since the last pause: the run would be too short."""
    gevent.get_hub().loop.update_now()


@events.test_start.add_listener
def _look_around(environment: Environment, **_: Any) -> None:
    _Store.books = _get(f"{environment.host}/books?limit=1&include_total=true")["total"]
    users = _get(f"{environment.host}/users?limit=100")["items"]
    _Store.customers = [user["id"] for user in users]


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


class _Shopper(FastHttpUser):
    abstract = True
    wait_time = constant(0)
    mix: ClassVar[str]

    def on_start(self) -> None:
        self._deck: list[str] = []
        self._titles = ["The"]
        self._next_page = "/books"

    @task
    def shop(self) -> None:
        """Do the next operation of a shuffled deck that has the exact shares of the mix."""
        if not self._deck:
            self._deck = [name for name, count in SHARES[self.mix].items() for _ in range(count)]
            random.shuffle(self._deck)
        _DO[self._deck.pop()](self)

    def read(self) -> None:
        self.client.get(f"/books/{_book()}", name="GET /books/{id}")

    def open_first_page(self) -> None:
        self._see("/books", name="GET /books")

    def turn_page(self) -> None:
        self._see(self._next_page, name="GET /books?cursor")

    def search(self) -> None:
        word = random.choice(random.choice(self._titles).split())
        self.client.get(f"/books?q={quote(word)}", name="GET /books?q")

    def update(self) -> None:
        """Another price, and a stock that does not run out."""
        change = {
            "price": f"{random.randint(*_CENTS) / 100:.2f}",
            "stock": random.randint(*_COPIES),
        }
        self.client.patch(f"/books/{_book()}", json=change, name="PATCH /books/{id}")

    def order(self) -> None:
        books = random.sample(range(1, _Store.books + 1), _LINES)
        lines = [{"book_id": book, "quantity": random.randint(1, 3)} for book in books]
        body = {"customer_id": random.choice(_Store.customers), "lines": lines}
        self.client.post("/orders", json=body, name="POST /orders")

    def _see(self, path: str, *, name: str) -> None:
        page = self.client.get(path, name=name).json()
        if not page:
            return  # it failed, and has been counted as a failure
        self._titles = [book["title"] for book in page["items"]]
        cursor = page["next_cursor"]
        self._next_page = f"/books?cursor={cursor}" if cursor else "/books"


class Browse(_Shopper):
    """19 times in 20 a reader."""

    mix = "browse"


class Checkout(_Shopper):
    """Reads a book, buys three."""

    mix = "checkout"


_DO = {
    "point-read": _Shopper.read,
    "page-first": _Shopper.open_first_page,
    "page-deep": _Shopper.turn_page,
    "search": _Shopper.search,
    "update": _Shopper.update,
    "order": _Shopper.order,
}


def _book() -> int:
    return random.randint(1, _Store.books)
