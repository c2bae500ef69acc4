"""Metadata of another service: there if it answers, null if it does not, and nothing held up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest

from bakeoff_contract.api import Api, new_isbn
from bakeoff_contract.leaks import connections
from bakeoff_contract.partner import Partner, answer, held, noted, partner, reset
from bakeoff_contract.problems import assert_problem, assert_refused

pytestmark = [pytest.mark.above_the_port, pytest.mark.needs("settings")]

Configured = Callable[..., AbstractContextManager[Api]]
KNOWN = {"cover_url": "https://covers.example/1.jpg", "pages": 205, "publisher": 7, "rating": 5}


@pytest.fixture
def other() -> Iterator[Partner]:
    with partner() as made:
        yield made


@pytest.fixture
def api_with_partner(configured: Configured, other: Partner) -> Iterator[Api]:
    with configured(metadata_url=other.url, metadata_retries=0) as api:
        yield api


def test_where_there_is_no_partner_the_route_is_off(configured: Configured) -> None:
    with configured() as api:
        book = api.book(isbn=new_isbn())
        problem = assert_problem(api.get(f"/books/{book['id']}/metadata"), "feature-off")
        assert "BAKEOFF_METADATA_URL" in problem["detail"]


def test_a_book_has_the_metadata_that_the_partner_has_for_its_isbn(
    api_with_partner: Api, other: Partner
) -> None:
    other.behaviour = answer(KNOWN)
    book = api_with_partner.book(isbn=new_isbn())
    assert api_with_partner.seen(f"/books/{book['id']}/metadata") == {
        "book_id": book["id"],
        "isbn": book["isbn"],
        "metadata": {
            "cover_url": "https://covers.example/1.jpg",
            "description": None,
            "pages": 205,
            "publisher": None,
        },
        "source": "partner",
    }
    assert other.asked == [f"/books/{book['isbn']}.json"]


def test_without_metadata_the_answer_says_why(api_with_partner: Api, other: Partner) -> None:
    book, without = api_with_partner.book(isbn=new_isbn()), api_with_partner.book()
    for asked, behaviour, source in [
        (book, answer({}, status=404), "partner"),
        (book, reset, "unavailable"),
        (without, answer(KNOWN), "no-isbn"),
    ]:
        other.behaviour = behaviour
        assert api_with_partner.seen(f"/books/{asked['id']}/metadata") == {
            "book_id": asked["id"],
            "isbn": asked["isbn"],
            "metadata": None,
            "source": source,
        }
    assert len(other.asked) == 2


def test_an_absent_book_is_not_found_and_the_partner_not_asked(
    api_with_partner: Api, other: Partner
) -> None:
    assert_problem(api_with_partner.get(f"/books/{2**63 - 1}/metadata"), "not-found")
    assert_refused(api_with_partner.get("/books/0/metadata"), "path", "book_id")
    assert_refused(api_with_partner.get("/books/1/metadata?url=x"), "query", "url")
    assert other.asked == []


def test_no_connection_to_the_database_is_held_while_the_partner_is_asked(
    configured: Configured, other: Partner
) -> None:
    asked, released = threading.Event(), threading.Event()
    with (
        configured(metadata_url=other.url, metadata_timeout=30, pool_max=1) as api,
        ThreadPoolExecutor(1) as thread,
    ):
        book = api.book(isbn=new_isbn())
        path = f"/books/{book['id']}"
        other.behaviour = noted(asked, held(released, answer(KNOWN)))
        found = thread.submit(api.seen, f"{path}/metadata")
        try:
            assert asked.wait(30)
            assert connections(api)["in_use"] == 0
            assert api.seen(path) == book
        finally:
            released.set()
        assert found.result(30)["source"] == "partner"
