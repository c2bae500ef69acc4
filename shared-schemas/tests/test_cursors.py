from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_schemas.cursors import CursorCodec, CursorError
from bakeoff_schemas.records import Keyset

keysets = st.builds(
    Keyset,
    value=st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
    | st.decimals(0, 99999999, places=2)
    | st.datetimes(min_value=datetime(1, 1, 2), timezones=st.just(UTC)),
    id=st.integers(1, 2**63 - 1) | st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number)),
)


@given(keysets, st.text(st.characters(exclude_categories=["Cs"])))
def test_a_cursor_says_where_its_page_ended(keyset: Keyset, scope: str) -> None:
    codec = CursorCodec("key")
    assert codec.decode(codec.encode(keyset, scope=scope), scope=scope) == keyset


@given(keysets, st.data())
def test_a_cursor_with_one_character_changed_is_refused(
    keyset: Keyset, data: st.DataObject
) -> None:
    codec = CursorCodec("key")
    cursor = codec.encode(keyset, scope="books")
    place = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.sampled_from("AQgw0-_z").filter(lambda c: c != cursor[place]))
    with pytest.raises(CursorError):
        codec.decode(cursor[:place] + other + cursor[place + 1 :], scope="books")


@given(st.text())
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        CursorCodec("key").decode(cursor, scope="books")


@pytest.mark.parametrize("changed", ["scope", "key"])
def test_a_cursor_of_another_list_or_another_key_is_refused(changed: str) -> None:
    cursor = CursorCodec("key").encode(Keyset(value="x", id=1), scope="books title")
    codec = CursorCodec("other" if changed == "key" else "key")
    with pytest.raises(CursorError):
        codec.decode(cursor, scope="books -title" if changed == "scope" else "books title")


def test_values_keep_their_types() -> None:
    codec = CursorCodec("key")
    for value in ("12.50", Decimal("12.50"), 12, None, datetime(2024, 5, 1, 12, tzinfo=UTC)):
        keyset = Keyset(value=value, id=UUID(int=5))
        decoded = codec.decode(codec.encode(keyset, scope=""), scope="")
        assert type(decoded.value) is type(value)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"1",
        b"{}",
        b"[]",
        b"[1]",
        b"[1,1,1]",
        b'{"a":1,"b":2}',
        b"[1,null]",
        b'[1,"s1"]',
        b'["u00000000-0000-0000-0000-000000000001",1]',
        b'["",1]',
        b'["x",1]',
        b"[1.5,1]",
        b'[["s","x"],1]',
        b'["dNaN",1]',
        b'["d1e999999",1]',
        b'["t2024",1]',
        b'["u1",1]',
        b'["s\\ud800",1]',
        b'["s\\u0000",1]',
        b"\xff",
        b"[" * 2000,
    ],
    ids=lambda payload: repr(payload[:20]),
)
def test_what_is_rightly_signed_and_no_cursor_is_refused(payload: bytes) -> None:
    """Everyone knows the default of the key."""
    codec = CursorCodec("key")
    raw = codec._sign(payload, "books") + payload
    with pytest.raises(CursorError):
        codec.decode(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), scope="books")
