from __future__ import annotations

import json
import os
from itertools import permutations
from typing import Any

import pytest

from bakeoff.backends import installed
from bakeoff_contract.api import Api, order_body
from bakeoff_contract.service import service
from bakeoff_contract.throwaway import SQLITE, throwaway
from bakeoff_schemas import migrate

SERVERS = [
    SQLITE,
    *(
        url
        for family in ("POSTGRESQL", "MYSQL", "MARIADB")
        if (url := os.environ.get(f"BAKEOFF_TEST_{family}_URL"))
    ),
]
PAIRS = list(
    permutations((name for name, point in installed().items() if point.load().uses_database), 2)
)
# Every kind of value that a layer could read in a way of its own.
TRAPS: list[dict[str, Any]] = [
    {"title": "ﾮ after 😀 by UTF-16, before it by code point", "release_year": None},
    {"title": "😀", "price": "99999999.99", "attributes": {"float": 1e300, "tiny": 5e-324}},
    {"title": "a", "price": "0.10", "tags": ["ÄÖ", "a b", '"quoted",'], "release_year": -4000},
    {"title": "A", "price": "0", "tags": ["ß", "ss "], "attributes": {"deep": [{"x": None}]}},
    {"title": "100% _ \\ '", "in_print": False, "stock": 2**31 - 1, "release_year": 2100},
]
READS = [
    "/authors",
    "/users",
    "/orders",
    "/books/export",
    "/reports/prices-by-tag",
    "/reports/sales-by-author",
    *(
        f"/books?limit=2&include_total=true&sort={direction}{key}"
        for key in ("id", "title", "release_year", "price", "created_at")
        for direction in ("", "-")
    ),
    "/books?tag=a%20b",
    "/books?q=%25",
    "/books?min_price=0.10&max_price=99999999.98",
]


def fill(api: Api) -> None:
    author, user = api.author(name="Ђ", born="0001-01-01"), api.user()
    books = [api.book(author_id=author["id"], **trap) for trap in TRAPS]
    stocked = api.book(stock=10, price="3.33")
    api.order(user, (stocked, 3))
    cancelled = api.order(user, (stocked, 1))
    api.post(f"/orders/{cancelled['id']}/cancel")
    key = {"idempotency-key": "k" * 255}
    api.post("/orders", json=order_body(user, (stocked, 1)), headers=key)
    api.patch(f"/books/{books[0]['id']}", json={"tags": ["later"]})


def seen(api: Api) -> dict[str, Any]:
    """Every answer to every read; objects as JSON, for their members have no order."""
    answers: dict[str, Any] = {}
    for path in READS:
        answer = api.get(path)
        answers[path] = [answer.status_code, answer.headers.get("etag"), read(answer.text)]
        if answer.headers["content-type"] == "application/json":
            while cursor := answer.json().get("next_cursor"):
                answer = api.get(path, params={**dict(answer.url.params), "cursor": cursor})
                answers[f"{path} {cursor}"] = read(answer.text)
    for book in api.get("/books?limit=100").json()["items"]:
        answer = api.get(f"/books/{book['id']}")
        answers[f"/books/{book['id']}"] = [answer.headers["etag"], answer.json()]
    return answers


def read(text: str) -> Any:

    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("server", SERVERS, ids=lambda url: str(url).partition(":")[0])
@pytest.mark.parametrize(("writer", "reader"), PAIRS)
def test_another_backend_answers_the_same_from_the_same_database(
    writer: str, reader: str, server: str
) -> None:
    with throwaway(server) as database:
        with service(writer, database.url) as api:
            fill(api)
            written = seen(api)
        with service(reader, database.url) as api:
            assert seen(api) == written
        assert migrate.is_current(database.url.render())
    assert len(written) > len(READS) + len(TRAPS)
