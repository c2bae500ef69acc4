from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.app import create_app
from bakeoff.settings import Settings
from bakeoff.strict_json import loads
from bakeoff_schemas.money import NumberLiteral


@given(st.binary())
def test_any_bytes_are_read_or_refused_with_the_one_error_that_becomes_422(body: bytes) -> None:
    with suppress(json.JSONDecodeError):
        loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b"NaN",
        b'{"price": Infinity}',
        b"-Infinity",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 5_000,
        b'{"name": "\xff"}',
        b"\xed\xa0\x80",
        b"",
        b"{",
        b'{"a": 1, "a": 1}',
        b'[{"b": {"a": 1, "\\u0061": 2}}]',
        b'{"\\ud800": 1, "\\ud800": 2}',
    ],
)
def test_what_python_would_accept_or_choke_on_is_refused(body: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        loads(body)


def test_a_member_that_is_repeated_after_many_others_is_found_at_once() -> None:
    names = [*range(100_000), "twice", "twice"]
    body = b"{%s}" % b",".join(b'"%b":1' % str(name).encode() for name in names)
    assert len(body) <= 2**20
    began = time.process_time()
    with pytest.raises(json.JSONDecodeError, match='"twice" occurs more than once'):
        loads(body)
    assert time.process_time() - began < 20


def test_a_number_keeps_the_digits_it_was_written_with() -> None:
    number = loads(b"12.3400000000000001")
    assert isinstance(number, NumberLiteral)
    assert number.literal == "12.3400000000000001"


@pytest.mark.parametrize("body", [b"1.5", b"1", b"null", b'"x"', b"[]"])
def test_a_body_that_is_no_object_is_not_taken_for_an_empty_one(body: bytes) -> None:
    async def scenario() -> int:
        app = create_app(Settings(_env_file=None, backend="memory"))  # type: ignore[call-arg]
        headers = {"content-type": "application/json"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bookstore") as client:
            answer = await client.patch("/books/1", content=body, headers=headers)
            return answer.status_code

    assert asyncio.run(scenario()) == 422
