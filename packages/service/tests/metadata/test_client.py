"""The client against a real server on this machine, which behaves badly in every way it can."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from bakeoff.metadata.client import LARGEST_ANSWER, MetadataClient
from bakeoff.metadata.model import Metadata, PartnerFailed
from bakeoff.settings import Settings
from bakeoff_contract.partner import (
    Behaviour,
    Partner,
    answer,
    drip,
    flood,
    in_turn,
    noted,
    partner,
    reset,
    send,
    stall,
)

ISBN = "9780306406157"
BODY = {"description": "About islands.", "pages": 205}
FOUND = Metadata(cover_url=None, description="About islands.", pages=205, publisher=None)
KNOWN = answer(BODY)


@pytest.fixture(scope="module")
def running() -> Iterator[Partner]:
    with partner() as made:
        yield made


@pytest.fixture
def other(running: Partner) -> Partner:
    running.behaviour = KNOWN
    running.asked.clear()
    running.connections = 0
    return running


def settings(other: Partner, **values: Any) -> Settings:
    chosen = {"metadata_url": other.url, "metadata_timeout": 5, "metadata_retries": 0} | values
    return Settings(_env_file=None, backend="memory", **chosen)


def find(other: Partner, behaviour: Behaviour, **values: Any) -> Metadata | None:
    other.behaviour = behaviour

    async def scenario() -> Metadata | None:
        client = MetadataClient(settings(other, **values))
        async with client.running():
            return await client.find(ISBN)

    return asyncio.run(scenario())


def assert_failed(other: Partner, behaviour: Behaviour, reason: str, **values: Any) -> None:
    """It fails for this reason, and the same client gets the next answer all the same."""

    async def scenario() -> None:
        client = MetadataClient(settings(other, **values))
        async with client.running():
            other.behaviour = behaviour
            with pytest.raises(PartnerFailed, match=reason):
                await client.find(ISBN)
            other.behaviour = KNOWN
            assert await client.find(ISBN) == FOUND
        assert client.outcomes == {"found": 1, "unknown": 0, "failed": 1, "refused": 0}

    asyncio.run(scenario())


def test_what_the_partner_knows_is_found_under_the_isbn_and_nothing_else(other: Partner) -> None:
    assert find(other, KNOWN) == FOUND
    assert other.asked == [f"/books/{ISBN}.json"]


def test_a_book_that_the_partner_does_not_know_is_no_failure(other: Partner) -> None:
    assert find(other, answer({}, status=404)) is None


@pytest.mark.parametrize("isbn", ["", "../admin", "978030640615x", "97803064061570", "٩" * 13])
def test_nothing_but_13_digits_gets_into_the_address(other: Partner, isbn: str) -> None:
    async def scenario() -> None:
        client = MetadataClient(settings(other))
        async with client.running():
            with pytest.raises(ValueError, match="13 digits"):
                await client.find(isbn)

    asyncio.run(scenario())
    assert other.asked == []


def test_one_connection_serves_one_question_after_the_other(other: Partner) -> None:
    async def scenario() -> None:
        client = MetadataClient(settings(other))
        async with client.running():
            for behaviour in (KNOWN, answer({}, status=404), answer({}, status=500), KNOWN):
                other.behaviour = behaviour
                with suppress(PartnerFailed):
                    await client.find(ISBN)
        assert client.outcomes == {"found": 2, "unknown": 1, "failed": 1, "refused": 0}

    asyncio.run(scenario())
    assert other.connections == 1


# --- a partner that fails -------------------------------------------------------------------------


def test_a_partner_that_stalls_costs_no_more_than_the_time_limit(other: Partner) -> None:
    assert_failed(other, stall, "not answer in time", metadata_timeout=1)


def test_a_partner_that_answers_byte_by_byte_runs_out_of_time(other: Partner) -> None:
    assert_failed(other, drip, "not answer in time", metadata_timeout=1)


def test_a_partner_that_resets_the_connection_has_failed(other: Partner) -> None:
    assert_failed(other, reset, "ReadError")


def test_nobody_listening_is_a_failure() -> None:
    with partner() as gone:
        pass
    with pytest.raises(PartnerFailed, match="ConnectError"):
        find(gone, KNOWN)


def test_what_is_not_http_is_a_failure(other: Partner) -> None:
    assert_failed(other, send(b"\x16\x03\x01 garbage\r\n\r\n", close=True), "RemoteProtocolError")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"", b'{"pages":'])
def test_what_is_no_json_object_is_a_failure(other: Partner, body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert_failed(other, send(head + body), "not a JSON object")


def test_an_answer_without_an_end_is_cut_off(other: Partner) -> None:
    assert_failed(other, flood, "too large")


def test_the_largest_answer_is_read_and_one_byte_more_is_not(other: Partner) -> None:
    def padded(size: int) -> Behaviour:
        body = json.dumps(BODY).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
        return send(head + body + b" " * (size - len(body)))

    assert find(other, padded(LARGEST_ANSWER)) == FOUND
    assert_failed(other, padded(LARGEST_ANSWER + 1), "too large")


def test_a_compressed_answer_is_refused_because_it_may_be_a_bomb(other: Partner) -> None:
    body = gzip.compress(b" " * 10_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert_failed(other, send(head + body), "compressed")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(other: Partner, status: int) -> None:
    elsewhere = f"http://127.0.0.1:{other.port}/elsewhere"
    assert_failed(other, answer({}, status=status, Location=elsewhere), f"answered {status}")
    assert set(other.asked) == {f"/books/{ISBN}.json"}


def test_a_content_length_that_promises_too_much_is_a_failure(other: Partner) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    assert_failed(other, send(head + b'{"pages": 1}', close=True), "RemoteProtocolError")


def test_bytes_after_the_promised_length_are_not_taken_for_the_next_answer(other: Partner) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    body = json.dumps(BODY).encode()
    lie = json.dumps({"isbn": "9780547773742", "pages": 1}).encode()

    async def scenario() -> None:
        client = MetadataClient(settings(other))
        async with client.running():
            other.behaviour = send(head % len(body) + body + head % len(lie) + lie)
            assert await client.find(ISBN) == FOUND
            other.behaviour = KNOWN
            with suppress(PartnerFailed):
                assert await client.find(ISBN) == FOUND
            assert await client.find(ISBN) == FOUND

    asyncio.run(scenario())


def test_cookies_are_not_kept(other: Partner) -> None:
    async def scenario() -> None:
        client = MetadataClient(settings(other))
        async with client.running():
            other.behaviour = answer(BODY, Set_Cookie="a=1; Path=/")
            await client.find(ISBN)
            assert not client._http.cookies

    asyncio.run(scenario())


# --- retries --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "passing",
    [
        reset,
        stall,
        send(b"", close=True),
        *(answer({}, status=status) for status in (502, 503, 504)),
    ],
)
def test_what_may_pass_is_tried_again(other: Partner, passing: Behaviour) -> None:
    behaviour = in_turn(passing, KNOWN)
    assert find(other, behaviour, metadata_retries=2, metadata_timeout=2) == FOUND
    assert len(other.asked) == 2


@pytest.mark.parametrize(
    "lasting", [*(answer({}, status=status) for status in (400, 401, 429, 500)), answer([])]
)
def test_what_will_not_pass_is_asked_once(other: Partner, lasting: Behaviour) -> None:
    with pytest.raises(PartnerFailed):
        find(other, lasting, metadata_retries=2)
    assert len(other.asked) == 1


def test_retries_are_bounded(other: Partner) -> None:
    with pytest.raises(PartnerFailed, match="503"):
        find(other, answer({}, status=503), metadata_retries=2)
    assert len(other.asked) == 3


def test_an_answer_that_takes_too_long_leaves_time_for_one_more(other: Partner) -> None:
    with pytest.raises(PartnerFailed, match="in time"):
        find(other, stall, metadata_retries=5, metadata_timeout=3)
    assert len(other.asked) == 2


# --- the circuit ----------------------------------------------------------------------------------


def test_a_partner_that_keeps_failing_is_left_alone_and_then_tried_again(other: Partner) -> None:
    async def scenario() -> None:
        client = MetadataClient(settings(other, metadata_failures=3, metadata_pause=1000))
        async with client.running():
            other.behaviour = answer({}, status=500)
            for _ in range(3):
                with pytest.raises(PartnerFailed, match="500"):
                    await client.find(ISBN)
            for _ in range(5):
                with pytest.raises(PartnerFailed, match="left alone"):
                    await client.find(ISBN)
            assert len(other.asked) == 3
            other.behaviour = KNOWN
            client.circuit._pause = 0
            assert await client.find(ISBN) == FOUND
            assert client.circuit.state == "closed"
        assert client.outcomes == {"found": 1, "unknown": 0, "failed": 3, "refused": 5}

    asyncio.run(scenario())


def test_books_that_the_partner_does_not_know_do_not_open_the_circuit(other: Partner) -> None:
    async def scenario() -> None:
        client = MetadataClient(settings(other, metadata_failures=1))
        async with client.running():
            other.behaviour = answer({}, status=404)
            for _ in range(3):
                assert await client.find(ISBN) is None
            assert client.circuit.state == "closed"

    asyncio.run(scenario())


def test_a_question_that_is_cancelled_leaves_the_client_as_it_was(other: Partner) -> None:
    async def scenario() -> None:
        client = MetadataClient(settings(other, metadata_failures=1))
        async with client.running():
            # More than there are connections in the pool, if they were lost.
            for _ in range(25):
                asked = threading.Event()
                other.behaviour = noted(asked, stall)
                task = asyncio.create_task(client.find(ISBN))
                assert await asyncio.to_thread(asked.wait, 30)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert client.circuit.state == "closed"
            other.behaviour = KNOWN
            assert await client.find(ISBN) == FOUND

    asyncio.run(scenario())


def test_the_key_in_an_address_reaches_no_log_and_no_error(
    other: Partner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for behaviour in (stall, reset, answer({}, status=500), send(b"x\r\n\r\n", close=True)):
        with pytest.raises(PartnerFailed) as caught:
            find(
                other,
                behaviour,
                metadata_url=f"{other.url}?key=hunter2",
                metadata_timeout=0.3,
                metadata_retries=1,
            )
        assert "hunter2" not in f"{caught.value} {caught.value.__cause__}"
    assert other.asked[-1].endswith("?key=hunter2")
    assert "the metadata partner failed" in caplog.text
    assert "hunter2" not in caplog.text
    assert not any("hunter2" in repr(vars(record)) for record in caplog.records)
