"""Clients that read, change, order and cancel at once, and write down what they were answered."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from bakeoff_contract.api import Api, Json, order_body
from bakeoff_contract.histories.operation import (
    Action,
    Cancel,
    Change,
    Create,
    Done,
    Operation,
    Order,
    Read,
    Refused,
)
from bakeoff_contract.problems import PREFIX

# Few copies, so that orders are refused as well.
_STOCK = 6
_REFUSALS = {
    f"{PREFIX}{refused.reason}": refused
    for refused in (
        Refused("stale"),
        Refused("insufficient-stock"),
        Refused("order-already-cancelled"),
    )
}

Answered = tuple[float, float, httpx.Response]


@dataclass(frozen=True, slots=True)
class _Placed:
    """An order that was acknowledged: its id, its key, and its lines."""

    id: str
    key: str
    lines: tuple[tuple[Json, int], ...]


class Clients:
    """Some clients, one customer, and a few books on which they all work."""

    def __init__(self, api: Api, *, books: int, clients: int) -> None:
        """Make the books, two or more; their creation begins the history."""
        self._api = api
        self._clients = clients
        self._customer = api.user()
        self._placed: list[_Placed] = []
        author = api.author()["id"]
        began = time.monotonic()
        self._books = api.books(api.book_body(author_id=author, stock=_STOCK) for _ in range(books))
        ended = time.monotonic()
        self.operations = [
            Operation(
                client=0,
                book=book["id"],
                action=Create(_STOCK),
                called=began,
                returned=ended,
                answer=Done(book["version"], book["stock"]),
            )
            for book in self._books
        ]

    def run(self, *, each: int) -> None:
        """Every client sends so many requests; at the end all books are read once more.

        :raises AssertionError: an answer is none that the contract has for it.
        """
        with ThreadPoolExecutor(self._clients) as threads:
            numbers = range(1, self._clients + 1)
            for made in threads.map(lambda number: self._client(number, each), numbers):
                self.operations += made
        self.operations += self._client(self._clients + 1, 0)

    def _client(self, number: int, each: int) -> list[Operation]:
        with Api(str(self._api.base_url)) as api:
            client = _Client(number, api, self._books, self._customer, self._placed)
            for _ in range(each):
                client.do_something()
            if not each:
                client.read_all()
            return client.operations


class _Client:
    def __init__(
        self, number: int, api: Api, books: list[Json], customer: Json, placed: list[_Placed]
    ) -> None:
        self.operations: list[Operation] = []
        self._number = number
        self._api = api
        self._books = books
        self._customer = customer
        self._placed = placed
        self._chance = random.Random(number)
        self._versions = {book["id"]: book["version"] for book in books}

    def do_something(self) -> None:
        steps: list[Callable[[], None]] = [self._read, self._change, self._order]
        steps += [self._cancel, self._repeat] if self._placed else []
        self._chance.choices(steps, weights=[3, 3, 3, 2, 1][: len(steps)])[0]()

    def read_all(self) -> None:
        for book in self._books:
            self._note(self._sent("GET", f"/books/{book['id']}"), [book], Read())

    def _read(self) -> None:
        book = self._chance.choice(self._books)
        self._note(self._sent("GET", f"/books/{book['id']}"), [book], Read())

    def _change(self) -> None:
        book = self._chance.choice(self._books)
        if_match = self._chance.choice([None, self._versions[book["id"]]])
        stock = self._chance.choice([None, self._chance.randint(0, _STOCK)])
        headers = {} if if_match is None else {"if-match": f'"{if_match}"'}
        body = {"in_print": True} if stock is None else {"stock": stock}
        sent = self._sent("PATCH", f"/books/{book['id']}", body, **headers)
        self._note(sent, [book], Change(if_match, stock))

    def _order(self) -> None:
        chosen = self._chance.sample(self._books, self._chance.randint(1, 2))
        lines = tuple((book, self._chance.randint(1, 2)) for book in chosen)
        self._place(self._api.unique(), lines)

    def _repeat(self) -> None:
        order = self._chance.choice(self._placed)
        self._place(order.key, order.lines)

    def _place(self, key: str, lines: tuple[tuple[Json, int], ...]) -> None:
        body = order_body(self._customer, *lines)
        sent = self._sent("POST", "/orders", body, **{"idempotency-key": key})
        answer = sent[2]
        if answer.status_code == 201 and "idempotency-replayed" not in answer.headers:
            self._placed.append(_Placed(answer.json()["id"], key, lines))
        short = _short(answer)
        for place, (book, quantity) in enumerate(lines):
            # Of a book that is not named it is not known whether there were enough.
            if short is None or place in short:
                self._note(sent, [book], Order(key, quantity), shows=False)

    def _cancel(self) -> None:
        order = self._chance.choice(self._placed)
        sent = self._sent("POST", f"/orders/{order.id}/cancel")
        self._note(sent, (book for book, _ in order.lines), Cancel(order.key), shows=False)

    def _sent(self, method: str, path: str, body: Json | None = None, **headers: str) -> Answered:
        called = time.monotonic()
        answer = self._api.request(method, path, json=body, headers=headers)
        return called, time.monotonic(), answer

    def _note(
        self, sent: Answered, books: Iterable[Json], action: Action, *, shows: bool = True
    ) -> None:
        """Write down one request as an operation on each of these books."""
        called, returned, response = sent
        answer = self._outcome(response, shows=shows)
        for book in books:
            self.operations.append(
                Operation(
                    client=self._number,
                    book=book["id"],
                    action=action,
                    called=called,
                    returned=None if answer is None else returned,
                    answer=answer,
                )
            )

    def _outcome(self, response: httpx.Response, *, shows: bool) -> Done | Refused | None:
        """What the client knows now; nothing after a 503."""
        if response.status_code in (200, 201):
            if not shows:
                return Done()
            book = response.json()
            self._versions[book["id"]] = book["version"]
            return Done(book["version"], book["stock"])
        if response.status_code == 503:
            return None
        refusal = _REFUSALS.get(response.json()["type"])
        assert refusal is not None, response.text
        return refusal


def _short(answer: httpx.Response) -> set[int] | None:
    """The lines of an order for which there are too few copies; None if it was not refused."""
    if answer.status_code != 409:
        return None
    return {error["loc"][2] for error in answer.json()["errors"]}
