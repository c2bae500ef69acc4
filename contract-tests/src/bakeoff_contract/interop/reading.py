"""Everything that can be asked about what was written, and how it is answered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import httpx

from bakeoff_contract.api import Json
from bakeoff_contract.interop.asking import Asker
from bakeoff_contract.interop.comparing import difference, shown
from bakeoff_contract.interop.shelf import Shelf
from bakeoff_contract.sorting import BOTH_WAYS, in_order

# What is compared of an answer besides its status and its bytes.
_HEADERS = ("content-type", "etag", "location", "cache-control")
_NOBODY = "00000000-0000-4000-8000-000000000000"
_NOTHING = 2**62

WHOLE_STORE = [
    "/authors?limit=17&include_total=true",
    "/authors?limit=5&offset=3",
    "/users?limit=9&include_total=true",
    "/users?offset=2&limit=3",
    "/orders?limit=9&include_total=true",
    "/books/export",
    "/reports/prices-by-tag",
    "/reports/sales-by-author?limit=100",
    "/reports/sales-by-author?limit=3",
    "/reports/sales-by-author?from=2000-01-01T00:00:00%2B05:45&to=2000-01-01T00:00:00Z",
    *(f"/books?limit=45&sort={sort}" for sort in BOTH_WAYS),
    "/books?limit=7&offset=11&sort=-title&include_total=true",
    *(
        f"/books?limit=100&include_total=true&{condition}"
        for condition in (
            "tag=a%20b",
            "tag=SS",
            "tag=%C3%84%C3%96&tag=%22quoted%22%2C",
            "tag=%5C",
            "tag=%25",
            "tag=%F0%9F%98%80&tag=e%CC%81",
            "q=%25",
            "q=_",
            "q=%5C",
            "q=%5C%25",
            "q=STRASSE",
            "q=fine",
            "q=%C3%A9",
            "q=%27%29%3B",
            "q=%F4%8F%BF%BF%F4%8F%BF%BF",
            "year_from=-1&year_to=1",
            "year_from=2100",
            "min_price=0.10&max_price=99999999.98&sort=-price",
            "min_price=99999999.99",
            "max_price=0",
            "in_print=false&sort=title",
            "in_print=true&tag=lot&min_price=3.33&max_price=3.33&q=T&year_to=0",
        )
    ),
    f"/books/{_NOTHING}",
    f"/authors/{_NOTHING}",
    f"/users/{_NOBODY}",
    f"/orders/{_NOBODY}",
    f"/books?author_id={_NOTHING}",
    f"/orders?customer_id={_NOBODY}",
]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client can tell answers apart by."""

    status: int
    headers: tuple[str | None, ...]
    content: bytes

    @classmethod
    def of(cls, response: httpx.Response) -> Answer:
        """Keep what counts."""
        headers = tuple(response.headers.get(name) for name in _HEADERS)
        return cls(response.status_code, headers, response.content)

    def difference(self, other: Answer) -> str | None:
        """The first thing in which the other is not the same, byte for byte."""
        if self.status != other.status:
            return f"{self.status} became {other.status}: {shown(other.content.decode())}"
        for name, one, two in zip(_HEADERS, self.headers, other.headers, strict=True):
            if one != two:
                return f"{name}: {one!r} became {two!r}"
        if self.content == other.content:
            return None
        pair = [_rows(answer) for answer in (self, other)]
        found = difference(pair[0], pair[1])
        return found or _first_byte(self.content, other.content)


Answers = dict[str, Answer]


def read(asker: Asker, paths: Iterable[str]) -> Answers:
    """The answers to every path, and to the pages that follow."""
    answers: Answers = {}
    for path in paths:
        for number, response in enumerate(_pages(asker, path), start=1):
            answers[path if number == 1 else f"{path} (page {number})"] = Answer.of(response)
    return answers


def one_by_one(shelf: Shelf) -> list[str]:
    """The rows of one writer."""
    return [
        f"/{kind}/{row['id']}"
        for kind in ("authors", "users", "orders", "books")
        for row in getattr(shelf, kind)
    ]


def about(shelf: Shelf) -> list[str]:
    """The lists of what one writer wrote, and what others may have deleted."""
    paths = [
        f"/books?author_id={author['id']}&limit=9&sort=-release_year"
        for author in shelf.authors[:2]
    ]
    paths += [f"/orders?customer_id={user['id']}&limit=1" for user in shelf.users]
    for lot in shelf.lots.values():
        paths += [f"/orders?customer_id={lot.customer['id']}"]
        paths += [f"/books?author_id={lot.author['id']}&include_total=true"]
        for kind, row in (("authors", lot.bare_author), ("users", lot.bare_customer)):
            paths.append(f"/{kind}/{row['id']}")
    return paths


def first_difference(expected: Answers, got: Answers) -> str | None:
    """Where two readers do not see the same."""
    for path, answer in expected.items():
        if path not in got:
            return f"GET {path}: the list ended before it"
        if found := answer.difference(got[path]):
            return f"GET {path}: {found}"
    more = got.keys() - expected.keys()
    return f"GET {min(more)}: there is a page too many" if more else None


def wrong_order(asker: Asker) -> str | None:
    """A sort that is not by code point with nulls last, reckoned from the books themselves."""
    books = asker.api.walk("/books", limit=100)
    for sort in BOTH_WAYS:
        listed = [book["id"] for book in asker.api.walk("/books", limit=100, sort=sort)]
        if listed != (expected := [book["id"] for book in in_order(books, sort)]):
            return f"GET /books?sort={sort}: {difference(expected, listed)}"
    return None


def _pages(asker: Asker, path: str) -> Iterator[httpx.Response]:
    response = asker.send("GET", path)
    yield response
    # A page that was asked for by its offset is looked at alone.
    while (cursor := _next(response)) is not None and "offset=" not in path:
        response = asker.send("GET", f"{path}&cursor={cursor}")
        yield response


def _next(response: httpx.Response) -> str | None:
    if response.headers["content-type"] != "application/json":
        return None
    body: Json = response.json()
    cursor: str | None = body.get("next_cursor")
    return cursor


def _rows(answer: Answer) -> list[object]:
    """The body as JSON; the export has a value a line."""
    return [json.loads(line) for line in answer.content.splitlines()]


def _first_byte(one: bytes, two: bytes) -> str:
    pairs = zip(one, two, strict=False)
    place = next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(two)))
    around = slice(max(place - 30, 0), place + 30)
    return f"equal as JSON, but at byte {place} {one[around]!r} became {two[around]!r}"
