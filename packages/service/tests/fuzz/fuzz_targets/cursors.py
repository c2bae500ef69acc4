"""Cursors of pages, from a query.

Any text is either refused as an invalid request, or says where a page ended, and the cursor for
that place says the same. This holds even for what is rightly signed, because everyone knows the key
that is the default. A cursor is never longer than a query may hold, and never good for another list
or another key.

Input: a cursor; or `signed`, a newline and the payload of one.
"""

from __future__ import annotations

import base64

from pydantic import TypeAdapter, ValidationError

from bakeoff import paging
from bakeoff.problems import InvalidRequest
from bakeoff_schemas.api import ListQuery
from bakeoff_schemas.cursors import CursorCodec, CursorError
from bakeoff_schemas.records import Keyset
from fuzz_targets.requests import assert_answered_as_invalid

_SIGNED = b"signed\n"
_SCOPE = 'books {"sort": "title"}'
_CODEC = CursorCodec("bakeoff")
_OTHER_CODEC = CursorCodec("another")
_QUERY = TypeAdapter(ListQuery)


def check(data: bytes) -> None:
    """Read one cursor."""
    if data.startswith(_SIGNED):
        payload = data.removeprefix(_SIGNED)
        cursor = _text(_CODEC._sign(payload, _SCOPE) + payload)
    else:
        cursor = data.decode("utf-8", "replace")
    keyset = _read(cursor)
    assert _read(cursor) == keyset
    if keyset is None:
        return
    again = _CODEC.encode(keyset, scope=_SCOPE)
    assert _read(again) == keyset
    for codec, scope in ((_CODEC, "authors"), (_OTHER_CODEC, _SCOPE)):
        try:
            codec.decode(again, scope=scope)
        except CursorError:
            continue
        raise AssertionError("a cursor is good for another list or another key")


def _read(cursor: str) -> Keyset | None:
    try:
        query = _QUERY.validate_python({"cursor": cursor})
    except ValidationError as error:
        assert_answered_as_invalid(error.errors())
        return None
    try:
        return paging.window(query, codec=_CODEC, scope=_SCOPE).after
    except InvalidRequest as error:
        assert error.loc == ["query", "cursor"]
        return None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
