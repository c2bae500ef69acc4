"""The changes of books as they happen: each once, in one order, and only after its commit."""

from __future__ import annotations

import itertools
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from bakeoff_contract.api import Api, Json, new_isbn, order_body, statuses
from bakeoff_contract.event_stream import (
    PATH,
    Event,
    EventStream,
    following,
    from_now,
    last_word,
    settle,
)
from bakeoff_contract.own_service import OwnService
from bakeoff_contract.problems import assert_problem, assert_refused
from bakeoff_contract.server import serving
from bakeoff_contract.throwaway import Throwaway

CREATED, CHANGED, DELETED = "book.created", "book.changed", "book.deleted"
QUEUE = 150
# Far more than a queue, the buffers of a server and those of two sockets hold.
MOST = 10_000
_SETTINGS: dict[str, Any] = {"outbox": "on", "outbox_poll": 0.1, "live_queue": QUEUE}
_LONGEST = 30.0

pytestmark = pytest.mark.above_the_port


@pytest.fixture(scope="module")
def own(pytestconfig: pytest.Config, database: Throwaway | None) -> OwnService:
    return OwnService.of(pytestconfig, database, **_SETTINGS)


@pytest.fixture(scope="module")
def live(own: OwnService) -> Iterator[Api]:
    """A service that tells of changes."""
    with own.running() as api:
        yield api


def numbers(events: list[Event]) -> list[int]:
    return [event.position for event in events]


def said(events: list[Event]) -> list[tuple[str, int, int | None]]:
    return [event.said for event in events]


def metric(api: Api, name: str) -> int:
    found = re.search(rf"^{name} ([0-9.e+]+)$", api.get("/metrics").text, re.MULTILINE)
    assert found is not None, name
    return int(float(found[1]))


def wait_until_nobody_follows(api: Api) -> None:
    deadline = time.monotonic() + _LONGEST
    while metric(api, "bakeoff_live_clients"):
        assert time.monotonic() < deadline, "a client that left is still there"
        time.sleep(0.05)


# --- what is told ---------------------------------------------------------------------------------


def test_where_it_is_off_there_is_nothing_to_follow(api: Api) -> None:
    assert "BAKEOFF_OUTBOX" in assert_problem(api.get(PATH), "feature-off")["detail"]


@pytest.mark.needs("settings")
def test_every_change_of_a_book_is_told(live: Api) -> None:
    author = live.author()["id"]
    with from_now(live) as stream:
        book = live.book(author_id=author, stock=5)
        path = f"/books/{book['id']}"
        live.patch(path, json={"stock": 6})
        live.put(path, json=live.book_body(author_id=author, stock=7))
        assert live.delete(path).status_code == 204
        assert said(last_word(live, stream)) == [
            (CREATED, book["id"], 1),
            (CHANGED, book["id"], 2),
            (CHANGED, book["id"], 3),
            (DELETED, book["id"], None),
        ]


@pytest.mark.needs("settings")
def test_many_books_are_told_one_by_one(live: Api) -> None:
    author = live.author()["id"]
    with from_now(live) as stream:
        books = live.books(live.book_body(author_id=author) for _ in range(5))
        told = said(last_word(live, stream))
    assert sorted(told) == sorted((CREATED, book["id"], 1) for book in books)


@pytest.mark.needs("settings")
def test_an_upsert_tells_whether_the_book_is_new(live: Api) -> None:
    author = live.author()["id"]
    path = f"/books/by-isbn/{new_isbn()}"
    with from_now(live) as stream:
        for _ in range(2):
            book = live.put(path, json=live.book_body(author_id=author)).json()
        told = said(last_word(live, stream))
    assert told == [(CREATED, book["id"], 1), (CHANGED, book["id"], 2)]


@pytest.mark.needs("settings")
def test_an_order_changes_its_books_and_so_does_its_end(live: Api) -> None:
    user = live.user()
    one, other = live.book(stock=5), live.book(stock=5)
    both = {(CHANGED, one["id"], None), (CHANGED, other["id"], None)}
    with from_now(live) as stream:
        order = live.order(user, (one, 1), (other, 2))
        sold = said(last_word(live, stream))
        live.post(f"/orders/{order['id']}/cancel")
        returned = said(last_word(live, stream))
    assert len(sold) == len(returned) == 2
    assert set(sold) == set(returned) == both


@pytest.mark.needs("settings")
def test_an_order_that_is_repeated_under_its_key_is_told_once(live: Api) -> None:
    user, book = live.user(), live.book(stock=5)
    headers = {"idempotency-key": live.unique()}
    with from_now(live) as stream:
        for _ in range(3):
            live.post("/orders", json=order_body(user, (book, 1)), headers=headers)
        assert said(last_word(live, stream)) == [(CHANGED, book["id"], None)]


@pytest.mark.needs("settings")
def test_an_event_can_be_read_by_any_browser(live: Api) -> None:
    with live.stream("GET", PATH) as response:
        assert response.headers["cache-control"] == "no-cache"
        lines = response.iter_lines()
        beginning = list(itertools.takewhile(bool, lines))
        assert re.fullmatch(r"id: [0-9]+", beginning[1])
        assert re.fullmatch(r"retry: [0-9]+", beginning[2])
        book = live.book()
        event = list(itertools.takewhile(bool, lines))
    assert event[:2] == ["event: book.created", f'data: {{"id":{book["id"]},"version":1}}']
    assert re.fullmatch(r"id: [0-9]+", event[2])


@pytest.mark.needs("settings")
def test_head_ends_at_once(live: Api) -> None:
    response = live.head(PATH)
    assert response.status_code == 200
    assert response.content == b""


# --- order, and coming back -----------------------------------------------------------------------


@pytest.mark.needs("settings")
def test_every_client_is_told_everything_once_and_in_the_same_order(live: Api) -> None:
    books = live.books(live.book_body(author_id=live.author()["id"]) for _ in range(4))
    settle(live)
    with ExitStack() as stack:
        streams = [stack.enter_context(following(live)) for _ in range(3)]
        answers = live.together(
            live.build_request("PATCH", f"/books/{book['id']}", json={})
            for book in books
            for _ in range(5)
        )
        assert statuses(answers) == [200] * 20
        last = live.book()
        told = [stream.until_told_of(last) for stream in streams]
    assert told[0] == told[1] == told[2]
    positions = numbers(told[0])
    assert positions == sorted(set(positions))
    expected = [(CHANGED, book["id"], version) for book in books for version in range(2, 7)]
    assert sorted(said(told[0][:-1])) == sorted(expected)


@pytest.mark.needs("settings")
def test_who_resumes_after_a_position_gets_everything_that_followed(live: Api) -> None:
    with from_now(live) as stream:
        first = live.book()
        path = f"/books/{first['id']}"
        for _ in range(4):
            live.patch(path, json={})
        last = live.book()
        whole = stream.until_told_of(last)
    assert len(whole) == 6
    for place, event in enumerate(whole[:-1], start=1):
        with following(live, after=event.position) as again:
            assert again.until_told_of(last) == whole[place:]
    # And then what happens from there on.
    with following(live, after=whole[-1].position) as again:
        assert last_word(live, again) == []


@pytest.mark.needs("settings")
def test_the_beginning_of_a_stream_says_where_to_resume(live: Api) -> None:
    with live.stream("GET", PATH) as response:
        block = itertools.takewhile(bool, response.iter_lines())
        [begin] = [int(line.removeprefix("id: ")) for line in block if line.startswith("id: ")]
    book = live.book()
    with following(live, after=begin) as stream:
        assert said(stream.until_told_of(book)) == [(CREATED, book["id"], 1)]


@pytest.mark.needs("settings")
def test_who_resumes_after_what_never_was_has_to_read_the_catalogue_again(live: Api) -> None:
    with following(live, after=2**62) as stream:
        reset = stream.next()
        assert reset.topic == "reset"
        assert reset.data == {"position": reset.position}
        assert last_word(live, stream) == []


@pytest.mark.needs("settings")
def test_a_position_that_is_none_is_refused(live: Api) -> None:
    for wrong in ("", "one", "-1", "1.0", str(2**63)):
        answer = live.get(PATH, headers={"last-event-id": wrong})
        assert_refused(answer, "header", "last-event-id")
    assert_refused(live.get(PATH, params={"after": "1"}), "query", "after")


@pytest.mark.needs("fault_injection")
def test_who_resumes_at_a_service_that_was_started_again_misses_nothing(own: OwnService) -> None:
    with own.running() as other:
        with own.running() as before, following(before) as stream:
            first = before.book()
            told = stream.until_told_of(first)
        second = other.book()
        other.patch(f"/books/{first['id']}", json={})
        with own.running() as after, following(after, after=told[-1].position) as stream:
            last = after.book()
            rest = stream.until_told_of(last)
    assert said(rest) == [
        (CREATED, second["id"], 1),
        (CHANGED, first["id"], 2),
        (CREATED, last["id"], 1),
    ]


@pytest.mark.needs("fault_injection")
def test_each_of_two_services_tells_what_the_other_changed(own: OwnService) -> None:
    with (
        own.running() as one,
        own.running() as two,
        following(one) as first,
        following(two) as second,
    ):
        told: list[Event] = []
        for api in [one, two] * 5:
            # What both publish at the same moment may come in either order.
            book = api.book()
            told += first.until_told_of(book)
            assert second.until_told_of(book) == told[-1:]
        # Where one was told last, the other goes on.
        with following(two, after=told[3].position) as resumed:
            assert resumed.until_told_of(book) == told[4:]


@pytest.mark.needs("redis")
@pytest.mark.needs("fault_injection")
def test_with_redis_one_service_hears_at_once_what_another_changed(
    own: OwnService, shared_redis: dict[str, str]
) -> None:
    # Nobody looks by itself before the test is over.
    settings = {**shared_redis, "outbox_poll": 3600}
    with (
        own.running(**settings) as one,
        own.running(**settings) as two,
        following(one) as first,
        following(two) as second,
    ):
        for api in (one, two, one):
            book = api.book()
            for stream in (first, second):
                assert said(stream.until_told_of(book)) == [(CREATED, book["id"], 1)]


# --- clients that are slow, or gone ---------------------------------------------------------------


@contextmanager
def stuck(base_url: str) -> Iterator[socket.socket]:
    """A client that sends the request, and reads nothing by itself."""
    parts = urlsplit(base_url)
    headers = f"Host: {parts.netloc}\r\nConnection: close"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(_LONGEST)
        connection.connect((parts.hostname, parts.port))
        connection.sendall(f"GET {PATH} HTTP/1.1\r\n{headers}\r\n\r\n".encode())
        yield connection


def read_to_the_end(connection: socket.socket) -> list[Event]:
    """The events of an answer that nobody had read."""
    with connection.makefile("rb") as answer:
        while answer.readline().strip():
            """The headers."""
        text = b""
        while size := int(answer.readline(), 16):
            text += answer.read(size)
            answer.readline()
    return EventStream(iter(text.decode().split("\n"))).rest()


@pytest.mark.needs("settings")
def test_who_does_not_read_is_disconnected_and_the_others_go_on(own: OwnService) -> None:
    with serving(own.application(), send_buffer=4096) as base_url, Api(base_url) as live:
        author = live.author()["id"]
        settle(live)
        with following(live) as good, stuck(base_url) as slow:
            wait_for_clients(live, 2)
            told: list[Event] = []
            while not metric(live, "bakeoff_live_dropped_total"):
                assert len(told) < MOST, "nobody is disconnected"
                books = live.books(live.book_body(author_id=author) for _ in range(100))
                told += [good.next() for _ in books]
            last = live.book(author_id=author)
            told += good.until_told_of(last)
            arrived = read_to_the_end(slow)
        # What did arrive is whole, and the rest is there for who resumes.
        assert 0 < len(arrived) < len(told)
        assert arrived == told[: len(arrived)]
        with following(live, after=arrived[-1].position) as again:
            assert again.until_told_of(last) == told[len(arrived) :]
        assert metric(live, "bakeoff_live_dropped_total") == 1


def wait_for_clients(api: Api, count: int) -> None:
    deadline = time.monotonic() + _LONGEST
    while metric(api, "bakeoff_live_clients") != count:
        assert time.monotonic() < deadline, "a client is not there"
        time.sleep(0.02)


@pytest.mark.needs("settings")
def test_clients_that_went_away_are_noticed(live: Api) -> None:
    wait_until_nobody_follows(live)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(following(live))
            stack.enter_context(stuck(str(live.base_url)))
        wait_for_clients(live, 6)
    wait_until_nobody_follows(live)


@pytest.mark.needs("settings")
def test_no_more_clients_are_admitted_than_may_be(own: OwnService) -> None:
    with own.running(live_clients=2) as live:
        with following(live), following(live):
            wait_for_clients(live, 2)
            detail: Json = assert_problem(live.get(PATH), "unavailable")
            assert "BAKEOFF_LIVE_CLIENTS" in detail["detail"]
        wait_until_nobody_follows(live)
        with from_now(live) as stream:
            assert last_word(live, stream) == []
