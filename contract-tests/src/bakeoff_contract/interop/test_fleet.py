"""A mixed fleet: services of several backends on one database, all used by many clients at once."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import pytest

from bakeoff_contract.api import Api, Json, new_isbn, order_body
from bakeoff_contract.leaks import assert_nothing_left
from bakeoff_contract.problems import PREFIX

CLIENTS = 8
STEPS = 40
STOCK = 60
PRICES = ["9.99", "0.01", "12.50", "100.00", "3.33", "99999.99"]
TRIES = 100


@pytest.fixture
def services(pytestconfig: pytest.Config) -> Iterator[list[Api]]:
    """A client of each service."""
    urls = [pytestconfig.getoption("--base-url"), *pytestconfig.getoption("--peer-url")]
    with ExitStack() as stack:
        yield [stack.enter_context(Api(url)) for url in urls]


class Shop:
    """Rows that all clients use, and a journal of what the answers reported."""

    def __init__(self, services: list[Api]) -> None:
        """Each row is made by another service."""
        by_turns = [services[number % len(services)] for number in range(len(PRICES))]
        self.services = services
        self.authors = [api.author() for api in by_turns[:2]]
        self.customers = [api.user() for api in by_turns[:3]]
        # Books under these ISBNs are made and deleted; nobody orders them.
        self.isbns = [new_isbn() for _ in range(3)]
        self.isbn_author = services[0].author()
        self.journal = Journal()
        self.books = [
            api.book(
                author_id=self.authors[number % 2]["id"], price=price, stock=STOCK, tags=["fleet"]
            )
            for number, (api, price) in enumerate(zip(by_turns, PRICES, strict=True))
        ]
        for book in self.books:
            self.journal.changed(book)
        # Every book has an order from the start, so that none of them may be deleted.
        first = services[-1].order(self.customers[0], *((book, 1) for book in self.books))
        self.journal.orders[first["id"]] = first


@dataclass(slots=True)
class Journal:
    """Orders as last answered, and the answered changes of each book."""

    orders: dict[str, Json] = field(default_factory=dict)
    # Versions that creations and changes were answered with; orders change versions too.
    versions: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    prices: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    isbns: dict[int, str] = field(default_factory=dict)
    deleted: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def changed(self, book: Json) -> None:
        """Note a successful change of a book."""
        with self.lock:
            self.versions[book["id"]].append(book["version"])
            self.prices[book["id"]].add(book["price"])
            if book["isbn"] is not None:
                self.isbns[book["id"]] = book["isbn"]


class Client:
    """Sends each request to a random service; nobody else knows its orders."""

    def __init__(self, seed: int, shop: Shop) -> None:
        """`seed` differs from client to client."""
        self._shop = shop
        self._journal = shop.journal
        self._random = Random(seed)
        self._sent: dict[str, tuple[Json, str]] = {}

    def work(self) -> None:
        """Take `STEPS` random actions."""
        actions = [self._order] * 6 + [self._replay] * 3 + [self._cancel] * 2
        actions += [self._read_and_patch] * 4 + [self._patch] * 2 + [self._upsert] * 4
        actions += [self._patch_by_isbn] * 2 + [self._delete] * 2 + [self._delete_ordered]
        for _ in range(STEPS):
            self._random.choice(actions)()

    def _order(self) -> None:
        """Order random books in random order, so that two clients lock them crosswise."""
        books = self._random.sample(self._shop.books, self._random.randint(1, 4))
        lines = [(book, self._random.randint(1, 3)) for book in books]
        body = order_body(self._random.choice(self._shop.customers), *lines)
        key = self._shop.services[0].unique("fleet")
        answer = self._send("POST", "/orders", body, "insufficient-stock", **_key(key))
        if answer.status_code == 201:
            order: Json = answer.json()
            self._journal.orders[order["id"]] = order
            self._sent[order["id"]] = (body, key)

    def _replay(self) -> None:
        if not self._sent:
            return
        order_id = self._random.choice(list(self._sent))
        body, key = self._sent[order_id]
        if self._random.random() < 0.2:
            other = body | {"lines": [*body["lines"][1:], {**body["lines"][0], "quantity": 9}]}
            answer = self._send("POST", "/orders", other, "idempotency-key-reused", **_key(key))
            assert answer.status_code == 422, f"another order under one key: {answer.text}"
            return
        answer = self._send("POST", "/orders", body, **_key(key))
        assert answer.headers.get("idempotency-replayed") == "true", "a replay sold again"
        assert answer.json() == self._journal.orders[order_id]
        self._journal.counts["replayed"] += 1

    def _cancel(self) -> None:
        if not self._sent:
            return
        order_id = self._random.choice(list(self._sent))
        before = self._journal.orders[order_id]
        answer = self._send("POST", f"/orders/{order_id}/cancel", None, "order-already-cancelled")
        assert answer.status_code == (200 if before["status"] == "placed" else 409), answer.text
        if answer.status_code == 200:
            self._journal.orders[order_id] = before | {"status": "cancelled"}
            assert answer.json() == self._journal.orders[order_id]
            self._journal.counts["cancelled"] += 1

    def _read_and_patch(self) -> None:
        """Read from one service and change at another, until nobody came in between."""
        path = f"/books/{self._random.choice(self._shop.books)['id']}"
        for _ in range(TRIES):
            read = self._send("GET", path)
            tag = {"if-match": read.headers["etag"]}
            answer = self._send("PATCH", path, self._change(), "stale", **tag)
            if answer.status_code == 200:
                assert answer.json()["version"] == read.json()["version"] + 1, answer.text
                self._journal.changed(answer.json())
                return
        raise AssertionError(f"PATCH {path} was stale {TRIES} times in a row")

    def _patch(self) -> None:
        book = self._random.choice(self._shop.books)
        self._journal.changed(self._send("PATCH", f"/books/{book['id']}", self._change()).json())

    def _change(self) -> Json:
        """A change of anything but the stock, which only orders change."""
        number = self._random.randint(1, 999)
        return self._random.choice(
            [
                {"price": f"{number}.{number % 100:02}"},
                {"tags": ["fleet", f"tag {number % 7}"]},
                {"attributes": {"number": number}, "title": f"title {number}"},
                {},
            ]
        )

    def _upsert(self) -> None:
        body = {"title": "t", "price": "1.00", "tags": ["a", "b"], "stock": 1} | self._change()
        body["author_id"] = self._shop.isbn_author["id"]
        path = f"/books/by-isbn/{self._random.choice(self._shop.isbns)}"
        self._journal.changed(self._send("PUT", path, body).json())

    def _patch_by_isbn(self) -> None:
        if book_ids := list(self._journal.isbns):
            path = f"/books/{self._random.choice(book_ids)}"
            answer = self._send("PATCH", path, self._change(), "not-found")
            if answer.status_code == 200:
                self._journal.changed(answer.json())

    def _delete(self) -> None:
        if book_ids := list(self._journal.isbns):
            book_id = self._random.choice(book_ids)
            tag = {"if-match": f'"{max(self._journal.versions[book_id])}"'}
            headers = self._random.choice([tag, {}])
            answer = self._send(
                "DELETE", f"/books/{book_id}", None, "not-found", "stale", **headers
            )
            if answer.status_code < 400:
                assert answer.status_code == 204, answer.text
                self._journal.deleted.append(book_id)

    def _delete_ordered(self) -> None:
        book = self._random.choice(self._shop.books)
        answer = self._send("DELETE", f"/books/{book['id']}", None, "book-has-orders")
        assert answer.status_code == 409, f"a book with orders was deleted: {answer}"

    def _send(
        self, method: str, path: str, body: Any = None, *allowed: str, **headers: str
    ) -> httpx.Response:
        """A success, or one of the problems that are allowed here."""
        api = self._random.choice(self._shop.services)
        answer = api.request(method, path, json=body, headers=headers)
        if answer.status_code >= 400:
            problem = answer.json()["type"].removeprefix(PREFIX)
            assert problem in allowed, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer


def test_a_mixed_fleet_keeps_every_invariant(services: list[Api]) -> None:
    """Whoever did what, and when: what is stored follows from the answers."""
    shop = Shop(services)
    with ThreadPoolExecutor(CLIENTS) as threads:
        working = [threads.submit(Client(seed, shop).work) for seed in range(CLIENTS)]
    for work in working:
        work.result()
    counts = shop.journal.counts
    assert counts["replayed"] > 0
    assert counts["cancelled"] > 0
    assert shop.journal.deleted
    _all_answer_the_same(shop)
    for api in services:
        _orders_are_those_that_were_placed(api, shop)
        _stock_and_versions_follow_from_the_answers(api, shop)
        _an_isbn_has_one_book(api, shop)
        _sales_add_up(api, shop)
        assert_nothing_left(api)


def _all_answer_the_same(shop: Shop) -> None:
    paths = [f"/books?author_id={author['id']}&sort=-price&limit=2" for author in shop.authors]
    paths += [f"/orders?customer_id={user['id']}&limit=100" for user in shop.customers]
    paths += [f"/books/{book_id}" for book_id in shop.journal.versions]
    paths += ["/books?tag=fleet&sort=title&limit=100", "/reports/prices-by-tag", "/books/export"]
    paths += ["/reports/sales-by-author?limit=100", "/authors?limit=100"]
    for path in paths:
        answers = [api.get(path) for api in shop.services]
        for answer in answers[1:]:
            same = (answer.status_code, answer.headers.get("etag")) == (
                answers[0].status_code,
                answers[0].headers.get("etag"),
            )
            # A problem has an id of its own.
            same = same and (answer.content == answers[0].content or answer.status_code >= 400)
            assert same, f"GET {path}: {answers[0].text} became {answer.text}"


def _orders_are_those_that_were_placed(api: Api, shop: Shop) -> None:
    listed: dict[str, Json] = {}
    for customer in shop.customers:
        rows = api.walk("/orders", customer_id=customer["id"], limit=50)
        assert len({row["id"] for row in rows}) == len(rows), "an order is listed twice"
        listed |= {row["id"]: row for row in rows}
    assert listed == shop.journal.orders
    for order in listed.values():
        assert order["total"] == _total(order["lines"])
        for line in order["lines"]:
            assert line["unit_price"] in shop.journal.prices[line["book_id"]], "never a price"


def _stock_and_versions_follow_from_the_answers(api: Api, shop: Shop) -> None:
    """A change adds one to the version, and so do a sale and its cancellation."""
    journal = shop.journal
    for book in shop.books:
        placed, cancelled = (_lines(journal, book, status=s) for s in ("placed", "cancelled"))
        versions = journal.versions[book["id"]]
        assert len(set(versions)) == len(versions), f"one version for two changes: {versions}"
        now = api.seen(f"/books/{book['id']}")
        left = STOCK - sum(line["quantity"] for line in placed)
        assert now["stock"] == left >= 0, f"stock of {book['id']} is not {left}"
        version = len(versions) + len(placed) + 2 * len(cancelled)
        assert now["version"] == version, f"the version of {book['id']} is not {version}"
    # Every change of these books was answered with its version, from the first.
    for book_id in journal.isbns:
        versions = sorted(journal.versions[book_id])
        assert versions == list(range(1, len(versions) + 1)), f"versions of {book_id}: {versions}"


def _an_isbn_has_one_book(api: Api, shop: Shop) -> None:
    journal = shop.journal
    assert len(set(journal.deleted)) == len(journal.deleted), "a book was deleted twice"
    expected = {i: isbn for i, isbn in journal.isbns.items() if i not in journal.deleted}
    books = api.walk("/books", author_id=shop.isbn_author["id"], limit=100)
    assert {book["id"]: book["isbn"] for book in books} == expected
    assert len(set(expected.values())) == len(expected), "two books have one ISBN"
    for book in books:
        assert book["version"] == max(journal.versions[book["id"]])


def _sales_add_up(api: Api, shop: Shop) -> None:
    """The report since the first order of the fleet, which has sold alone since."""
    orders = shop.journal.orders.values()
    author_of = {book["id"]: book["author_id"] for book in shop.books}
    expected = []
    for author in shop.authors:
        sales = [
            [line for line in order["lines"] if author_of[line["book_id"]] == author["id"]]
            for order in orders
            if order["status"] == "placed"
        ]
        lines = [line for sale in sales for line in sale]
        row = {
            "author": {"id": author["id"], "name": author["name"]},
            "copies": sum(line["quantity"] for line in lines),
            "orders": sum(bool(sale) for sale in sales),
            "revenue": _total(lines),
        }
        expected.append(row)
    expected.sort(key=lambda row: (-float(str(row["revenue"])), row["author"]["id"]))
    since = min(order["placed_at"] for order in orders)
    report = api.seen("/reports/sales-by-author", **{"from": since})
    assert report == {"items": expected}, "the revenue report is wrong"


def _lines(journal: Journal, book: Json, *, status: str) -> list[Json]:
    return [
        line
        for order in journal.orders.values()
        if order["status"] == status
        for line in order["lines"]
        if line["book_id"] == book["id"]
    ]


def _total(lines: list[Json]) -> str:
    cents = sum(int(line["unit_price"].replace(".", "")) * line["quantity"] for line in lines)
    return f"{cents // 100}.{cents % 100:02}"


def _key(key: str) -> dict[str, str]:
    return {"idempotency-key": key}
