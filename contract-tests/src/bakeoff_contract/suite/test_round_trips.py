"""Statements of a request: no more of them for many rows, and no transaction for a read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bakeoff_contract.api import Api, Json
from bakeoff_contract.fault_injection import FaultInjection
from bakeoff_contract.recording import Recording
from bakeoff_contract.rude_clients import unread

pytestmark = pytest.mark.needs("fault_injection")

FEW, MANY = 2, 20


@pytest.fixture(scope="module")
def watched(faults: FaultInjection) -> Iterator[Api]:
    """A service whose statements are seen, on a single connection."""
    with faults.service(pool_max=1) as api:
        yield api


def _seen(faults: FaultInjection, api: Api, path: str, *, looks: int = 3) -> Recording:
    """The statements of a warm request; the smallest recording of several."""
    recordings = []
    for _ in range(1 + looks):
        with faults.watch.recording() as recording:
            response = api.get(path)
        assert response.status_code == 200, response.text
        recordings.append(recording)
    least = min(recordings, key=lambda recording: recording.round_trips)
    assert least.round_trips > 0, "nothing was recorded"
    return least


@dataclass(frozen=True)
class TaggedBooks:
    """Books that share a tag, each by an author of its own."""

    tag: str
    books: list[Json]


def _tagged_books(api: Api, count: int) -> TaggedBooks:
    tag = api.unique()
    authors = [api.author()["id"] for _ in range(count)]
    books = api.books(
        api.book_body(author_id=author, stock=1000, tags=[tag, f"{tag}-{author}", f"{tag}-x"])
        for author in authors
    )
    return TaggedBooks(tag, books)


@pytest.fixture(scope="module")
def groups(watched: Api) -> list[TaggedBooks]:
    """A few books, and many."""
    return [_tagged_books(watched, count) for count in (FEW, MANY)]


@pytest.mark.parametrize(
    "options", ["", "&include_total=true", "&sort=-title&q=title", "&offset=1"]
)
def test_a_list_of_many_books_asks_no_more_than_one_of_few(
    faults: FaultInjection, watched: Api, groups: list[TaggedBooks], options: str
) -> None:
    few, many = (
        _seen(faults, watched, f"/books?limit=100&tag={group.tag}{options}") for group in groups
    )
    assert few.round_trips == many.round_trips


def test_a_list_of_many_orders_asks_no_more_than_one_of_few(
    faults: FaultInjection, watched: Api, groups: list[TaggedBooks]
) -> None:
    round_trips = []
    for count in (FEW, MANY // 2):
        user = watched.user()
        for _ in range(count):
            watched.order(user, *((book, 1) for book in groups[0].books))
        path = f"/orders?customer_id={user['id']}&limit=100"
        round_trips.append(_seen(faults, watched, path).round_trips)
    assert round_trips[0] == round_trips[1]


def test_reads_begin_no_transaction(
    faults: FaultInjection, watched: Api, groups: list[TaggedBooks]
) -> None:
    group = groups[0]
    book = group.books[0]
    user = watched.user()
    order = watched.order(user, *((book, 1) for book in group.books))
    for path in (
        f"/books/{book['id']}",
        f"/books?tag={group.tag}&include_total=true",
        f"/books?author_id={book['author_id']}&sort=-release_year",
        "/books/export",
        f"/authors/{book['author_id']}",
        "/authors?limit=5",
        f"/users/{user['id']}",
        "/users?limit=5",
        f"/orders/{order['id']}",
        f"/orders?customer_id={user['id']}",
        "/reports/prices-by-tag",
        "/reports/sales-by-author",
    ):
        assert _seen(faults, watched, path, looks=1).transactions == [], path


def test_a_write_is_one_transaction_that_is_committed_once(
    faults: FaultInjection, watched: Api, groups: list[TaggedBooks]
) -> None:
    user = watched.user()
    with faults.watch.recording() as recording:
        watched.order(user, *((book, 1) for book in groups[0].books))
    assert [word.upper() for word in recording.transactions].count("COMMIT") == 1


def test_the_export_fetches_no_more_than_the_client_takes(faults: FaultInjection) -> None:
    with faults.service(export_batch=50) as api:
        author = api.author()["id"]
        # More than the buffer of the sender can hold.
        for _ in range(3):
            api.books(
                api.book_body(author_id=author, attributes={"text": "x" * 15_000})
                for _ in range(200)
            )
        with (
            faults.watch.recording() as recording,
            unread(str(api.base_url), "/books/export") as read,
        ):
            _settle(recording)
            fetched = recording.round_trips
            assert fetched > 0
            assert read() > 9_000_000
            assert recording.round_trips > fetched


def _settle(recording: Recording) -> None:
    """Wait until something was asked, and nothing more is."""
    deadline, before = time.monotonic() + 30, 0
    while not before or recording.round_trips != before:
        assert time.monotonic() < deadline, "nothing is asked, or there is no end to it"
        before = recording.round_trips
        time.sleep(0.1)
