from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_schemas import attributes

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(texts, values, max_size=5)


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@given(objects)
def test_an_object_is_equal_as_json_when_read_back(value: dict[str, Any]) -> None:
    assert attributes.loads(attributes.dumps(attributes.check(value))) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_that_came_back_as_a_long_integer_is_the_same_float(number: float) -> None:
    # What PostgreSQL does: numeric has no exponents.
    if number != int(number):
        return
    text = f'{{"n": {int(number)}}}'
    assert attributes.loads(text)["n"] == number


def test_32_levels_are_allowed_and_33_are_not() -> None:
    attributes.check(nested(32))
    with pytest.raises(ValueError, match="32 levels"):
        attributes.check(nested(33))


def test_depth_that_would_exhaust_the_stack_is_refused_by_depth() -> None:
    with pytest.raises(ValueError, match="32 levels"):
        attributes.check(nested(900))


def test_the_size_is_counted_in_encoded_bytes() -> None:
    frame = len(json.dumps({"t": ""}, separators=(",", ":")))
    room = attributes.LARGEST_BYTES - frame
    attributes.check({"t": "é" * (room // 2)})
    with pytest.raises(ValueError, match="16384 bytes"):
        attributes.check({"t": "é" * (room // 2 + 1)})


@pytest.mark.parametrize(
    "value",
    [
        {"n": 2**53 + 1},
        {"n": -(2**53) - 1},
        {"n": float("inf")},
        {"n": float("nan")},
        {"t": "\x00"},
        {"\x00": 1},
        {"\ud800": 1},
        {"t": ["\udfff"]},
        {"o": object()},
    ],
)
def test_what_cannot_be_stored_and_read_back_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        attributes.check(value)


def test_the_checked_object_holds_plain_python_numbers() -> None:
    class Marked(float):
        pass

    checked = attributes.check({"n": Marked(1.5)})
    assert type(checked["n"]) is float
