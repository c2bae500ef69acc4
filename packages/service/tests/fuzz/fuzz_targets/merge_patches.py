"""Merge patches of a book (RFC 7396, of top-level fields).

A patch is refused as an invalid request, or changes the fields that it has and no other; only a
field that may be absent is cleared by null. What it stores can be sent back: the same patch with
the values as they are answered changes nothing more. Attributes are stored and read as they are.

Input: the body of a PATCH.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bakeoff_schemas import attributes
from bakeoff_schemas.api import BookPatch
from bakeoff_schemas.records import BookChanges
from bakeoff_schemas.text import search_key
from fuzz_targets.requests import assert_answered_as_invalid, result, with_body

_CLEARED = {"isbn", "release_year"}
# As FastAPI validates a body.
_PATCH = TypeAdapter(BookPatch)


def check(data: bytes) -> None:
    """Read one patch."""
    changes = _read(data)
    assert _read(data) == changes
    if changes is None:
        return
    sent = json.loads(data)
    assert changes.keys() - {"title_key"} == sent.keys()
    assert all(sent[name] is not None for name in sent.keys() - _CLEARED)
    assert all((sent[name] is None) == (changes[name] is None) for name in sent)
    if "title" in changes:
        assert changes["title_key"] == search_key(changes["title"])
    if "attributes" in changes:
        kept = changes["attributes"]
        assert attributes.loads(attributes.dumps(kept)) == kept
    answered = {name: value for name, value in changes.items() if name != "title_key"}
    assert _read(json.dumps(answered, default=str).encode()) == changes


def _read(body: bytes) -> BookChanges | None:
    try:
        value: Any = result(with_body(body).json())
    except json.JSONDecodeError:
        return None
    try:
        return _PATCH.validate_python(value, from_attributes=True).changes()
    except ValidationError as error:
        assert_answered_as_invalid(error.errors())
        return None
