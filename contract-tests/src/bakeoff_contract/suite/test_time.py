"""Time: RFC 3339, UTC, six digits; what a write answers is what is read later."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bakeoff_contract.api import Api, Json, made, new_isbn
from bakeoff_contract.problems import assert_refused

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")

WRITES: dict[str, tuple[str, Callable[[Api], Json]]] = {
    "author": ("/authors/{id}", lambda api: api.author()),
    "book": ("/books/{id}", lambda api: api.book()),
    "bulk": ("/books/{id}", lambda api: api.books([api.book_body()])[0]),
    "upsert": (
        "/books/{id}",
        lambda api: made(api.put(f"/books/by-isbn/{new_isbn()}", json=api.book_body())),
    ),
    "patch": (
        "/books/{id}",
        lambda api: api.patch(f"/books/{api.book()['id']}", json={"stock": 1}).json(),
    ),
    "user": ("/users/{id}", lambda api: api.user()),
    "order": ("/orders/{id}", lambda api: api.order(api.user(), (api.book(stock=1), 1))),
}


@pytest.mark.trap(7, 23)
def test_microseconds_survive_what_a_write_answers_is_what_is_read(
    api: Api, subtests: pytest.Subtests
) -> None:
    for kind in WRITES:
        with subtests.test(kind=kind):
            path, write = WRITES[kind]
            sub_milliseconds = 0
            for _ in range(3):
                row = write(api)
                read = api.seen(path.format_map(row))
                for field in ("created_at", "updated_at", "placed_at"):
                    if field in row:
                        assert _INSTANT.fullmatch(row[field]), row[field]
                        assert read[field] == row[field]
                        sub_milliseconds += int(row[field][-4:-1])
            # Three clocks that all stand at whole milliseconds are a clock cut short.
            assert sub_milliseconds > 0


@pytest.mark.trap(21, 22)
def test_the_clock_is_utc(api: Api) -> None:
    before = datetime.now(UTC)
    written = datetime.fromisoformat(api.author()["created_at"])
    assert written.utcoffset() == timedelta(0)
    assert abs(written - before) < timedelta(minutes=5)


def test_a_change_moves_updated_at_and_leaves_created_at(api: Api) -> None:
    book = api.book(stock=9)
    seen = [book["updated_at"]]
    path = f"/books/{book['id']}"
    for change in range(3):
        changed = api.patch(path, json={"stock": change}).json()
        assert changed["created_at"] == book["created_at"]
        seen.append(changed["updated_at"])
    assert seen == sorted(set(seen))


def test_a_sale_and_its_cancellation_move_updated_at_of_the_book(api: Api) -> None:
    book = api.book(stock=9)
    order = api.order(api.user(), (book, 1))
    sold = api.seen(f"/books/{book['id']}")
    assert sold["updated_at"] == order["placed_at"]
    api.post(f"/orders/{order['id']}/cancel")
    assert api.seen(f"/books/{book['id']}")["updated_at"] > sold["updated_at"]


def test_a_cancelled_order_keeps_the_moment_it_was_placed(api: Api) -> None:
    order = api.order(api.user(), (api.book(stock=1), 1))
    cancelled = api.post(f"/orders/{order['id']}/cancel").json()
    assert cancelled["placed_at"] == order["placed_at"]


def _sold_between(api: Api, author_id: int, **bounds: str) -> bool:
    report = api.seen("/reports/sales-by-author", limit=100, **bounds)["items"]
    return any(row["author"]["id"] == author_id for row in report)


def _shifted(moment: datetime, *, hours: float) -> str:
    return moment.astimezone(timezone(timedelta(hours=hours))).isoformat()


@pytest.mark.trap(21, 22, 23)
def test_offsets_on_input_are_converted_to_the_microsecond(
    api: Api, subtests: pytest.Subtests
) -> None:
    for hours in [0, 2, -5, 5.75, 14, -12]:
        with subtests.test(hours=hours):
            book = api.book(stock=1)
            order = api.order(api.user(), (book, 1))
            placed = datetime.fromisoformat(order["placed_at"])
            tick = timedelta(microseconds=1)
            here, later = _shifted(placed, hours=hours), _shifted(placed + tick, hours=hours)
            author = book["author_id"]
            # From is inclusive, to is exclusive.
            assert _sold_between(api, author, **{"from": here, "to": later})
            assert not _sold_between(api, author, **{"from": later})
            assert not _sold_between(
                api, author, **{"from": _shifted(placed - tick, hours=hours), "to": here}
            )


def test_every_way_rfc_3339_allows_is_understood(api: Api, subtests: pytest.Subtests) -> None:
    for written in ["2024-05-01t12:00:00z", "2024-05-01T12:00:00.5Z"]:
        with subtests.test(written=written):
            api.seen("/reports/sales-by-author", **{"from": written})


@pytest.mark.parametrize("bound", ["from", "to"])
def test_naive_and_impossible_times_are_refused(
    api: Api, bound: str, subtests: pytest.Subtests
) -> None:
    for written in [
        "2024-05-01T12:00:00",
        "2024-05-01T12:00:00.123456",
        "2024-05-01",
        "2024-05-01 12:00:00Z",
        "2024-05-01T12:00Z",
        "2024-02-30T12:00:00Z",
        "2024-05-01T24:00:01Z",
        "2024-05-01T12:60:00Z",
        "2024-05-01T12:00:00+25:00",
        "2024-05-01T12:00:00.1234567Z",
        "2024-W18-3T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "1714564800",
        "now",
        "",
        "\u0662024-05-01T12:00:00Z",
    ]:
        with subtests.test(written=written):
            response = api.get("/reports/sales-by-author", params={bound: written})
            assert_refused(response, "query", bound)
