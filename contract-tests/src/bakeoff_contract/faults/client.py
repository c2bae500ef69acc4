"""One client of the load: a mix of reads and writes, one request after the other."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from bakeoff_contract.api import new_isbn
from bakeoff_contract.faults.call import Call, NoAnswer, Sent, Shown
from bakeoff_contract.faults.catalogue import Catalogue
from bakeoff_contract.problems import PREFIX, check_answer

Record = Callable[[Call], None]

# Of a hundred steps; a cancellation needs an order of the client's own.
_MIX = {"read": 35, "page": 10, "create": 10, "change": 25, "order": 15, "cancel": 5}
# How often a write with a key of its own is sent again while its outcome is unknown.
_ATTEMPTS = 3
_PAUSE = 0.2


class Client:
    """A client that keeps its connection, and knows what it was answered."""

    def __init__(
        self, number: int, http: httpx.AsyncClient, catalogue: Catalogue, record: Record
    ) -> None:
        """`record` is told of every request; `number` is that of no other client."""
        self._number = number
        self._http = http
        self._catalogue = catalogue
        self._record = record
        self._chance = random.Random(number)
        self._steps = 0
        self._versions: dict[int, int] = {}
        self._placed: list[tuple[str, Sent]] = []

    async def step(self) -> None:
        """Send one request, or one and its repetitions."""
        (kind,) = self._chance.choices(list(_MIX), list(_MIX.values()))
        await {
            "read": self._read_any,
            "page": self._page,
            "create": self._create,
            "change": self._change_any,
            "order": self._order,
            "cancel": self._cancel,
        }[kind]()

    async def read(self, book: int) -> Call:
        """Read one book."""
        call = await self._send(Sent(kind="read", book=book), "GET", f"/books/{book}")
        self._learn(call)
        return call

    async def change(self, book: int, *, if_match: int | None = None) -> Call:
        """Give a book a title that it never had."""
        title = self._unique("title")
        sent = Sent(kind="change", book=book, title=title, if_match=if_match)
        headers = {} if if_match is None else {"if-match": f'"{if_match}"'}
        call = await self._send(sent, "PATCH", f"/books/{book}", {"title": title}, headers)
        self._versions.pop(book, None)
        self._learn(call)
        return call

    # --- steps --------------------------------------------------------------------------------

    async def _read_any(self) -> None:
        await self.read(self._chance.choice((*self._catalogue.changed, *self._catalogue.sold)))

    async def _page(self) -> None:
        await self._send(Sent(kind="page"), "GET", "/books?limit=20")

    async def _create(self) -> None:
        isbn, title = new_isbn(), self._unique("new")
        body = {
            "title": title,
            "isbn": isbn,
            "author_id": self._catalogue.author,
            "price": "10.00",
        }
        await self._send(Sent(kind="create", isbn=isbn, title=title), "POST", "/books", body)

    async def _change_any(self) -> None:
        book = self._chance.choice(self._catalogue.changed)
        if book not in self._versions:
            await self.read(book)
        if book in self._versions:
            await self.change(book, if_match=self._versions[book])

    async def _order(self) -> None:
        book, quantity = self._chance.choice(self._catalogue.sold), self._chance.randint(1, 3)
        key = self._unique("order")
        body = {
            "customer_id": self._chance.choice(self._catalogue.customers),
            "lines": [{"book_id": book, "quantity": quantity}],
        }
        sent = Sent(kind="order", book=book, key=key, quantity=quantity)
        call = await self._until_known(sent, "/orders", body, {"idempotency-key": key})
        if call.shown is not None and call.shown.order is not None:
            self._placed.append((call.shown.order, sent))

    async def _cancel(self) -> None:
        if not self._placed:
            await self._order()
            return
        order, placed = self._placed.pop(self._chance.randrange(len(self._placed)))
        sent = Sent(
            kind="cancel", book=placed.book, key=placed.key, quantity=placed.quantity, order=order
        )
        await self._until_known(sent, f"/orders/{order}/cancel", None, {})

    async def _until_known(
        self, sent: Sent, path: str, body: Any, headers: Mapping[str, str]
    ) -> Call:
        """Send it again while its outcome is unknown, as its key or its nature allows."""
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(_PAUSE)
            call = await self._send(sent, "POST", path, body, headers)
            if not call.is_indefinite:
                break
        return call

    # --- one request --------------------------------------------------------------------------

    def _unique(self, word: str) -> str:
        self._steps += 1
        return f"{word}-{self._number}-{self._steps}"

    def _learn(self, call: Call) -> None:
        if call.shown is not None and call.shown.book and call.shown.version:
            self._versions[call.shown.book] = call.shown.version

    async def _send(
        self,
        sent: Sent,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Call:
        answer: httpx.Response | None = None
        no_answer: NoAnswer | None = None
        called = time.monotonic()
        try:
            answer = await self._http.request(method, path, json=body, headers=headers)
        except httpx.ConnectError:
            no_answer = "refused"
        except httpx.TimeoutException:
            no_answer = "timed out"
        except httpx.TransportError:
            no_answer = "closed"
        ended = time.monotonic()
        facts = {} if answer is None else _facts(sent, answer)
        call = Call(
            client=self._number,
            sent=sent,
            called=called,
            ended=ended,
            no_answer=no_answer,
            **facts,
        )
        self._record(call)
        return call


def _facts(sent: Sent, answer: httpx.Response) -> dict[str, Any]:
    facts: dict[str, Any] = {"status": answer.status_code}
    try:
        check_answer(answer)
    except (AssertionError, KeyError, ValueError) as error:
        facts["malformed"] = f"{type(error).__name__}: {error}"
        return facts
    body = answer.json()
    if answer.status_code >= 400:
        facts["problem"] = body["type"].removeprefix(PREFIX)
    elif sent.kind in ("order", "cancel"):
        facts["shown"] = Shown(order=body["id"])
    elif sent.kind != "page":
        facts["shown"] = Shown(
            book=body["id"], title=body["title"], version=body["version"], stock=body["stock"]
        )
    return facts
