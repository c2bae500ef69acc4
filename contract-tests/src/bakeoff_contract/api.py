"""The client of the tests: httpx, with short ways to make the rows that a test needs."""

from __future__ import annotations

import itertools
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import httpx

from bakeoff_contract import isbns
from bakeoff_contract.concurrent_requests import TIMEOUT, TLS, send_concurrently
from bakeoff_contract.problems import check_answer

Json = dict[str, Any]
_STORED = re.compile(r"/(authors|books|users|orders|reports)\b")
_COMPARED_HEADERS = ("content-type", "etag", "location", "cache-control")


class Api(httpx.Client):
    """A session with one server, which checks every answer for what all answers must have.

    The store is never assumed to be empty: each test makes its own authors, tags and customers,
    under names that nobody else has, and looks at those alone.
    """

    def __init__(self, base_url: str, *, peer_urls: Sequence[str] = ()) -> None:
        """`peer_urls` are other servers on the same database.

        With peers, `base_url` creates, and the peers change and delete in turn; every GET is sent
        to all, whose answers must be the same byte for byte.
        """
        # Proxies of the environment are for the outside. Idle connections are dropped before the
        # server would (uvicorn: 5 s), or a request could meet the closing of its connection.
        super().__init__(
            base_url=base_url,
            verify=TLS,
            trust_env=False,
            timeout=TIMEOUT,
            limits=httpx.Limits(keepalive_expiry=2),
        )
        self.peers = [Api(url) for url in peer_urls]
        self._turns = itertools.cycle(self.peers)
        self._numbers = itertools.count(1)
        self._session = secrets.token_hex(4)

    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        """A request to the server, or to the peer whose turn it is."""
        creates = method == "POST" and not str(url).endswith("/cancel")
        if creates or not self.peers:
            return super().build_request(method, url, **options)
        return next(self._turns).build_request(method, url, **options)

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request; its answer, if read at once, is checked."""
        response = super().send(request, **options)
        if options.get("stream"):
            return response
        if self.peers and request.method == "GET" and _STORED.match(request.url.path):
            self._compare(response)
        return check_answer(response)

    def _compare(self, answer: httpx.Response) -> None:
        """Send the request of a peer to the server and the other peers; all must answer alike."""
        request = answer.request
        own = super().send(_readdressed(request, self.base_url))
        for peer in self.peers:
            if peer.base_url.netloc == request.url.netloc:
                theirs = answer
            else:
                theirs = super().send(_readdressed(request, peer.base_url))
            what = f"GET {request.url.path}: {peer.base_url} answers"
            assert theirs.status_code == own.status_code, f"{what} {theirs.status_code}"
            for name in _COMPARED_HEADERS:
                expected, found = own.headers.get(name), theirs.headers.get(name)
                assert found == expected, f"{what} {name}: {found} instead of {expected}"
            # A problem has an id of its own.
            if own.status_code < 400:
                assert theirs.content == own.content, f"{what} other bytes"

    def __exit__(self, *error: Any) -> None:
        """Close the connections, those to the peers too."""
        for peer in self.peers:
            peer.close()
        super().__exit__(*error)

    # --- several at once ----------------------------------------------------------------------

    def together(self, requests: Iterable[httpx.Request]) -> list[httpx.Response]:
        """Send all at the same moment, each on a connection of its own; answers in order."""
        return [check_answer(answer) for answer in send_concurrently(list(requests))]

    # --- names that nobody else has -----------------------------------------------------------

    def unique(self, prefix: str = "t") -> str:
        """A word that occurs nowhere else, in lower-case ASCII."""
        return f"{prefix}-{self._session}-{next(self._numbers)}"

    # --- making things ------------------------------------------------------------------------

    def author(self, **fields: Any) -> Json:
        """A new author."""
        return made(self.post("/authors", json={"name": self.unique("author")} | fields))

    def book_body(self, **fields: Any) -> Json:
        """What to send for a book; without an `author_id` a new author is made for it."""
        if "author_id" not in fields:
            fields["author_id"] = self.author()["id"]
        return {"title": self.unique("title"), "price": "10.00"} | fields

    def book(self, **fields: Any) -> Json:
        """A new book."""
        return made(self.post("/books", json=self.book_body(**fields)))

    def books(self, bodies: Iterable[Json]) -> list[Json]:
        """New books by the bulk path, in order."""
        response = self.post("/books/bulk", json=list(bodies))
        assert response.status_code == 201, response.text
        created: list[Json] = response.json()
        return created

    def user_body(self, **fields: Any) -> Json:
        """What to send for a customer."""
        name = self.unique("u")
        return {
            "username": name,
            "email": f"{name}@example.com",
            "password": "correct horse battery",
        } | fields

    def user(self, **fields: Any) -> Json:
        """A new customer."""
        return made(self.post("/users", json=self.user_body(**fields)))

    def order(self, customer: Json, *lines: tuple[Json, int]) -> Json:
        """A new order of so many copies of each book."""
        return made(self.post("/orders", json=order_body(customer, *lines)))

    # --- looking at things --------------------------------------------------------------------

    def seen(self, url: str, **params: Any) -> Json:
        """What is there: a 200 and its body."""
        response = self.get(url, params=params)
        assert response.status_code == 200, response.text
        body: Json = response.json()
        return body

    def items(self, url: str, **params: Any) -> list[Json]:
        """The rows of one page, 100 at most."""
        rows: list[Json] = self.seen(url, **{"limit": 100} | params)["items"]
        return rows

    def stock(self, book: Json) -> int:
        """The copies of a book that are on the shelf now."""
        copies: int = self.seen(f"/books/{book['id']}")["stock"]
        return copies

    def pages(self, url: str, **params: Any) -> Iterator[list[Json]]:
        """The rows page by page, along the cursors to the end."""
        body = self.seen(url, **params)
        yield body["items"]
        while (cursor := body["next_cursor"]) is not None:
            body = self.seen(url, **params, cursor=cursor)
            assert body["next_cursor"] != cursor, "the list does not move on"
            yield body["items"]

    def walk(self, url: str, **params: Any) -> list[Json]:
        """The rows of all pages."""
        return [row for page in self.pages(url, **params) for row in page]

    # --- sending what a client library would refuse to ------------------------------------------

    def send_text(self, method: str, url: str, body: str | bytes, **headers: str) -> httpx.Response:
        """Send a body exactly as written, as JSON."""
        return self.request(
            method, url, content=body, headers={"content-type": "application/json", **headers}
        )

    def send_escaped(self, method: str, url: str, body: object) -> httpx.Response:
        """Send JSON in ASCII: lone surrogates have no other way onto the wire."""
        return self.send_text(method, url, json.dumps(body))


def _readdressed(request: httpx.Request, server: httpx.URL) -> httpx.Request:
    """The same GET to another server."""
    url = server.copy_with(raw_path=request.url.raw_path)
    return httpx.Request("GET", url, headers={**request.headers, "host": url.netloc.decode()})


def made(response: httpx.Response) -> Json:
    """The body of a 201."""
    assert response.status_code == 201, response.text
    body: Json = response.json()
    return body


def order_body(customer: Json, *lines: tuple[Json, int]) -> Json:
    """What to send for an order."""
    return {
        "customer_id": customer["id"],
        "lines": [{"book_id": book["id"], "quantity": quantity} for book, quantity in lines],
    }


def ids(rows: Iterable[Json]) -> list[Any]:
    """The ids of the rows."""
    return [row["id"] for row in rows]


def statuses(responses: Iterable[httpx.Response]) -> list[int]:
    """The status codes, sorted."""
    return sorted(response.status_code for response in responses)


def new_isbn() -> str:
    """An ISBN that no book has."""
    return isbns.isbn13()
