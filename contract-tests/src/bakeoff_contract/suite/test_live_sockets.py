"""The same changes as `test_live_updates`, over a WebSocket."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from bakeoff_contract.api import Api
from bakeoff_contract.event_stream import Event, following, last_word
from bakeoff_contract.own_service import OwnService
from bakeoff_contract.problems import assert_problem
from bakeoff_contract.server import serving
from bakeoff_contract.throwaway import Throwaway
from bakeoff_contract.websocket_client import PATH, LiveSocket, Refused, listening

CREATED, CHANGED, DELETED = "book.created", "book.changed", "book.deleted"
QUEUE = 150
# Far more than a queue, the buffers of a server and those of two sockets hold.
MOST = 10_000
_SETTINGS: dict[str, Any] = {"outbox": "on", "outbox_poll": 0.1, "live_queue": QUEUE}
_LONGEST = 30.0

pytestmark = [pytest.mark.above_the_port, pytest.mark.needs("settings")]


@pytest.fixture(scope="module")
def own(pytestconfig: pytest.Config, database: Throwaway | None) -> OwnService:
    return OwnService.of(pytestconfig, database, **_SETTINGS)


@pytest.fixture(scope="module")
def live(own: OwnService) -> Iterator[Api]:
    """A service that tells of changes."""
    with own.running() as api:
        yield api


def begun(client: LiveSocket) -> int:
    """Where it begins."""
    first = client.message()
    assert first == {"position": first["position"], "topic": "following"}
    position: int = first["position"]
    return position


def metric(api: Api, name: str) -> int:
    found = re.search(rf"^{name} ([0-9.e+]+)$", api.get("/metrics").text, re.MULTILINE)
    assert found is not None, name
    return int(float(found[1]))


def wait_for_clients(api: Api, count: int) -> None:
    deadline = time.monotonic() + _LONGEST
    while metric(api, "bakeoff_live_clients") != count:
        assert time.monotonic() < deadline, "a client is not there, or still there"
        time.sleep(0.02)


def refused(api: Api, **options: Any) -> Refused:
    with pytest.raises(Refused) as caught, listening(str(api.base_url), **options):
        """It does not come to this."""
    return caught.value


def test_where_it_is_off_there_is_nothing_to_follow(api: Api) -> None:
    refusal = refused(api)
    assert (refusal.status, refusal.slug) == (404, "feature-off")
    assert "BAKEOFF_OUTBOX" in assert_problem(api.get(PATH), "feature-off")["detail"]


def test_who_asks_by_plain_http_is_told_what_to_do(live: Api) -> None:
    assert_problem(live.get(PATH), "upgrade-required")


def test_every_change_is_one_message_with_its_position(live: Api) -> None:
    author = live.author()["id"]
    with listening(str(live.base_url)) as client:
        begin = begun(client)
        last_word(live, client)
        book = live.book(author_id=author)
        path = f"/books/{book['id']}"
        live.patch(path, json={"stock": 6})
        assert live.delete(path).status_code == 204
        first = client.message()
        assert set(first) == {"position", "topic", "data"}
        assert first["topic"] == CREATED
        assert first["data"] == {"id": book["id"], "version": 1}
        assert first["position"] > begin
        told = [client.next(), client.next()]
    assert [event.said for event in told] == [
        (CHANGED, book["id"], 2),
        (DELETED, book["id"], None),
    ]


def test_it_tells_the_same_as_the_stream_in_the_same_order(live: Api) -> None:
    books = live.books(live.book_body(author_id=live.author()["id"]) for _ in range(4))
    with following(live) as stream, listening(str(live.base_url)) as client:
        begun(client)
        # Both are there, and what was published late is told.
        marker = live.book()
        stream.until_told_of(marker)
        client.until_told_of(marker)
        live.together(
            live.build_request("PATCH", f"/books/{book['id']}", json={})
            for book in books
            for _ in range(5)
        )
        last = live.book()
        told = client.until_told_of(last)
        assert told == stream.until_told_of(last)
    assert len(told) == 21


def test_who_resumes_after_a_position_gets_everything_that_followed(live: Api) -> None:
    with listening(str(live.base_url)) as client:
        begin = begun(client)
        first = live.book()
        for _ in range(4):
            live.patch(f"/books/{first['id']}", json={})
        last = live.book()
        whole = client.until_told_of(last)
    with listening(str(live.base_url), after=begin) as again:
        assert again.until_told_of(last) == whole
    for place, event in enumerate(whole[:-1], start=1):
        with listening(str(live.base_url), after=event.position) as again:
            assert again.until_told_of(last) == whole[place:]
        with following(live, after=event.position) as stream:
            assert stream.until_told_of(last) == whole[place:]


def test_who_resumes_after_what_never_was_has_to_read_the_catalogue_again(live: Api) -> None:
    with listening(str(live.base_url), after=2**62) as client:
        reset = client.next()
        assert reset.topic == "reset"
        assert reset.data == {"position": reset.position}
        assert last_word(live, client) == []


def test_a_position_that_is_none_is_refused(live: Api) -> None:
    for wrong in ("", "one", "-1", "1.0", 2**63, "1&after=2", "1&before=2"):
        refusal = refused(live, after=wrong)
        assert (refusal.status, refusal.slug) == (422, "invalid")
        assert json.loads(refusal.body)["errors"][0]["loc"][0] == "query"


def test_what_a_client_says_is_not_looked_at(live: Api) -> None:
    with listening(str(live.base_url)) as client:
        begun(client)
        for _ in range(100):
            client.say("{")
        book = live.book()
        assert client.until_told_of(book)[-1].said == (CREATED, book["id"], 1)


def test_who_does_not_read_is_disconnected_and_may_resume(own: OwnService) -> None:
    with (
        serving(own.application(), send_buffer=4096) as base_url,
        Api(base_url) as live,
        listening(base_url) as good,
        listening(base_url, receive_buffer=4096) as slow,
    ):
        begun(good)
        begun(slow)
        author = live.author()["id"]
        # What was published late is told to both.
        marker = live.book(author_id=author)
        good.until_told_of(marker)
        slow.until_told_of(marker)
        told: list[Event] = []
        while not metric(live, "bakeoff_live_dropped_total"):
            assert len(told) < MOST, "nobody is disconnected"
            books = live.books(live.book_body(author_id=author) for _ in range(100))
            told += [good.next() for _ in books]
        last = live.book(author_id=author)
        told += good.until_told_of(last)
        arrived = slow.rest()
        assert slow.close_code == 1013
        assert 0 < len(arrived) < len(told)
        assert arrived == told[: len(arrived)]
        with listening(base_url, after=arrived[-1].position) as again:
            assert again.until_told_of(last) == told[len(arrived) :]


def test_clients_that_went_away_are_noticed(live: Api) -> None:
    wait_for_clients(live, 0)
    with listening(str(live.base_url)) as client, listening(str(live.base_url)):
        wait_for_clients(live, 2)
        begun(client)
        client.leave()
        wait_for_clients(live, 1)
    wait_for_clients(live, 0)


def test_no_more_clients_are_admitted_than_may_be(own: OwnService) -> None:
    with own.running(live_clients=2) as live:
        with listening(str(live.base_url)), following(live):
            wait_for_clients(live, 2)
            refusal = refused(live)
            assert (refusal.status, refusal.slug) == (503, "unavailable")
            assert "retry-after" in refusal.headers
        wait_for_clients(live, 0)


def test_the_end_of_the_service_is_told(own: OwnService) -> None:
    with ExitStack() as clients:
        with own.running() as live:
            client = clients.enter_context(listening(str(live.base_url)))
            begun(client)
        assert client.rest() == []
    assert client.close_code == 1012
