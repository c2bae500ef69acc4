"""Export: every book by id, one JSON object a line, whoever listens to the end."""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest

from bakeoff_contract.api import Api, Json, ids
from bakeoff_contract.leaks import assert_nothing_left
from bakeoff_contract.service import POOL


@pytest.fixture(scope="module")
def books(api: Api) -> list[Json]:
    """More books than a server fetches at once, with characters that some take for line ends."""
    author = api.author()["id"]
    return api.books(
        api.book_body(
            author_id=author,
            title=f"Line\u2028feed \n {number}",
            price=f"{number}.05",
            tags=["b", "a"],
            attributes={"text": "a\nb"},
        )
        for number in range(600)
    )


def _exported(api: Api) -> list[Json]:
    response = api.get("/books/export")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/x-ndjson"
    text = response.content.decode("utf-8")
    assert text.endswith("\n")
    # Only U+000A ends a line.
    return [json.loads(line) for line in text.split("\n")[:-1]]


def test_the_export_holds_every_book_by_id_as_a_read_answers_it(
    api: Api, books: list[Json]
) -> None:
    total = api.seen("/books", limit=1, include_total="true")["total"]
    exported = _exported(api)
    assert len(exported) == total
    assert ids(exported) == sorted(ids(exported))
    own = set(ids(books))
    assert [book for book in exported if book["id"] in own] == books
    assert books[0] == api.seen(f"/books/{books[0]['id']}")


def test_the_export_shows_what_has_just_changed(api: Api) -> None:
    book = api.book(tags=["a"])
    changed = api.patch(f"/books/{book['id']}", json={"tags": ["c"], "stock": 1}).json()
    deleted = api.book()
    api.delete(f"/books/{deleted['id']}")
    exported = _exported(api)
    assert exported[-1] == changed
    assert deleted["id"] not in ids(exported)


def test_a_client_that_goes_away_frees_its_connection(api: Api, books: list[Json]) -> None:
    for _ in range(3):
        with api.stream("GET", "/books/export") as response:
            next(response.iter_raw(100))
    assert_nothing_left(api)


def test_more_exports_at_once_than_there_are_connections_all_end(
    api: Api, books: list[Json]
) -> None:
    answers = api.together(api.build_request("GET", "/books/export") for _ in range(POOL + 2))
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].content.count(b"\n") >= len(books)


def test_slow_clients_do_not_keep_others_from_the_database(api: Api, books: list[Json]) -> None:
    with ExitStack() as stack:
        for _ in range(POOL + 2):
            reader = stack.enter_context(api.stream("GET", "/books/export"))
            next(reader.iter_raw(1))
        answers = api.together(api.build_request("GET", "/books?limit=1") for _ in range(POOL))
        assert [answer.status_code for answer in answers] == [200] * POOL
