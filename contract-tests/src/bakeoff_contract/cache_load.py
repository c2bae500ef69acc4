"""Mixed load on services that share a database and a cache; no read may be older than a write.

What is changed only ever moves on: a version, a number in a name, copies sold, books of an author.
Before a read is sent, the reader notes how far each had come in writes that were acknowledged; no
answer may show less.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from bakeoff_contract.api import Api, Json, order_body

_BOOKS = 6
_STOCK = 1_000_000
# The largest page, which must show all books of the author.
_LARGEST_PAGE = 100
_HITS = re.compile(
    r'^bakeoff_cache_reads_total\{kind="(\w+)",result="hit"\} ([0-9.e+]+)$', re.MULTILINE
)

Step = Callable[[Api, random.Random], None]


def hits(services: Sequence[Api]) -> Counter[str]:
    """How many reads of books and of pages these services have answered from the cache."""
    found: Counter[str] = Counter()
    for api in services:
        text = api.get("/metrics?name[]=bakeoff_cache_reads_total").text
        for kind, count in _HITS.findall(text):
            found[kind] += int(float(count))
    return found


class CacheLoad:
    """One author, some books, one customer, and threads that write and read."""

    def __init__(self, services: Sequence[Api]) -> None:
        """The services share a database."""
        self._services = services
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._acknowledged: Counter[str] = Counter()
        self._faults: list[str] = []
        api = services[0]
        self._name = api.unique("cache")
        self._author = api.author(name=f"{self._name} 0")["id"]
        self._books = [self._new_book(api, _STOCK) for _ in range(_BOOKS)]
        self._sold = self._books[0]
        self._customer = api.user()
        self._acknowledge("books", _BOOKS)

    def run(self, meanwhile: Callable[[], object]) -> None:
        """Write and read until `meanwhile` returns.

        :raises AssertionError: a read was older than an acknowledged write, or failed.
        """
        steps: list[Step] = [self._change, self._change, self._sell, self._rename, self._add]
        steps += [self._read_book, self._read_book, self._read_page] * len(self._services)
        with ThreadPoolExecutor(len(steps)) as threads:
            running = [
                threads.submit(self._repeat, step, number) for number, step in enumerate(steps)
            ]
            try:
                meanwhile()
            finally:
                self._stop.set()
        for each in running:
            each.result()
        assert not self._faults, "\n".join(self._faults[:20])
        written = {what.partition(" ")[0] for what in self._acknowledged}
        assert written == {"version", "sold", "author", "books"}, "nothing was written"

    def _repeat(self, step: Step, number: int) -> None:
        chance = random.Random(number)
        with Api(str(self._services[number % len(self._services)].base_url)) as api:
            while not self._stop.is_set():
                step(api, chance)

    # --- writers: one number each, acknowledged when the answer is here ---

    def _change(self, api: Api, chance: random.Random) -> None:
        book = chance.choice(self._books[1:])
        answer = api.patch(f"/books/{book['id']}", json={"in_print": chance.random() < 0.5})
        if self._is_done(answer):
            self._acknowledge(f"version {book['id']}", answer.json()["version"])
        _pause(chance)

    def _sell(self, api: Api, chance: random.Random) -> None:
        answer = api.post("/orders", json=order_body(self._customer, (self._sold, 1)))
        if self._is_done(answer):
            self._acknowledge("sold", self._acknowledged["sold"] + 1)
        _pause(chance)

    def _rename(self, api: Api, chance: random.Random) -> None:
        number = self._acknowledged["author"] + 1
        body = {"name": f"{self._name} {number}"}
        if self._is_done(api.patch(f"/authors/{self._author}", json=body)):
            self._acknowledge("author", number)
        _pause(chance)

    def _add(self, api: Api, chance: random.Random) -> None:
        if self._acknowledged["books"] < _LARGEST_PAGE - 2:
            body = api.book_body(author_id=self._author)
            if self._is_done(api.post("/books/bulk", json=[body])):
                self._acknowledge("books", self._acknowledged["books"] + 1)
        self._stop.wait(0.1)

    # --- readers ---

    def _read_book(self, api: Api, chance: random.Random) -> None:
        path = f"/books/{chance.choice(self._books)['id']}"
        before = self._so_far()
        answer = api.get(path)
        if self._is_done(answer):
            self._compare(answer.json(), before, path)

    def _read_page(self, api: Api, chance: random.Random) -> None:
        path = f"/books?author_id={self._author}&limit={_LARGEST_PAGE}"
        before = self._so_far()
        answer = api.get(path)
        if self._is_done(answer):
            books = answer.json()["items"]
            if len(books) < before["books"]:
                self._faults.append(f"{path}: {len(books)} books after {before['books']}")
            for book in books:
                self._compare(book, before, path)

    def _compare(self, book: Json, before: Counter[str], path: str) -> None:
        shown = {
            f"version {book['id']}": book["version"],
            "author": int(book["author"]["name"].rpartition(" ")[2]),
        }
        if book["id"] == self._sold["id"]:
            shown["sold"] = _STOCK - book["stock"]
        for what, number in shown.items():
            if number < before[what]:
                self._faults.append(f"{path}: {what} is {number} after {before[what]}")

    def _is_done(self, answer: httpx.Response) -> bool:
        """Whether it was answered well; 503 tells nothing of the outcome, and is no answer."""
        if answer.status_code not in (200, 201, 503):
            self._faults.append(f"{answer.request.method} {answer.request.url}: {answer.text}")
        return answer.status_code in (200, 201)

    def _acknowledge(self, what: str, number: int) -> None:
        with self._lock:
            self._acknowledged[what] = max(self._acknowledged[what], number)

    def _so_far(self) -> Counter[str]:
        with self._lock:
            return self._acknowledged.copy()

    def _new_book(self, api: Api, stock: int) -> Json:
        return api.book(author_id=self._author, stock=stock)


def _pause(chance: random.Random) -> None:
    """Leave readers time to find something in the cache."""
    time.sleep(chance.uniform(0.005, 0.05))
