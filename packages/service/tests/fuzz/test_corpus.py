"""The kept inputs, and any others, without a fuzzer: the properties of each target hold."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fuzz_targets import TARGETS
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

CORPUS = Path(__file__).parent / "corpus"
KEPT = sorted(path for path in CORPUS.rglob("*") if path.is_file())
# A hundred times what any of them takes.
_PATIENCE = 20

by_target = pytest.mark.parametrize("name", TARGETS)


def kept(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_kept_input_has_the_properties_of_its_target(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


def test_every_target_has_kept_inputs_and_all_of_them_are_small() -> None:
    assert {path.parent.name for path in KEPT} == TARGETS.keys()
    assert sum(path.stat().st_size for path in KEPT) < 100_000


@by_target
@settings(deadline=None)
@given(data=st.binary(max_size=64))
def test_any_bytes_have_the_properties(name: str, data: bytes) -> None:
    TARGETS[name](data)


@by_target
@settings(deadline=None)
@given(draw=st.data())
def test_a_kept_input_with_a_few_bytes_changed_has_the_properties(
    name: str, draw: st.DataObject
) -> None:
    data = draw.draw(st.sampled_from(kept(name)))
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, min(start + 3, len(data))))
    TARGETS[name](data[:start] + draw.draw(st.binary(max_size=3)) + data[end:])


# --- the properties can fail ----------------------------------------------------------------------


def read_kept(name: str) -> None:
    for data in kept(name):
        TARGETS[name](data)


def answers(value: Any) -> Callable[..., Any]:
    return lambda *_: value


@pytest.mark.parametrize(
    ("name", "place", "fault"),
    [
        ("bearer-tokens", "hmac.compare_digest", answers(True)),
        ("bearer-tokens", "bakeoff.auth.access_tokens._CLAIMS", []),
        ("cursors", "hmac.compare_digest", answers(True)),
        ("cursors", "bakeoff_schemas.cursors._pack", str),
        ("database-urls", "bakeoff_schemas.database_url.quote", lambda text, safe="": text),
        ("database-urls", "bakeoff_schemas.database_url.DatabaseUrl.location", "hunter2"),
        ("database-urls", "bakeoff_schemas.database_url._PASSWORD", re.compile("(a^)")),
        ("event-ids", "bakeoff_schemas.fields._INTEGER", re.compile(r"\s*-?[0-9]+")),
        ("idempotency-keys", "fuzz_targets.idempotency_keys._KEY", TypeAdapter(str)),
        ("isbns", "bakeoff_schemas.isbn.isbn13_check_digit", answers("0")),
        ("merge-patches", "bakeoff_schemas.api.search_key", str.upper),
        ("merge-patches", "bakeoff_schemas.text.fold_tag", lambda value: value + "x"),
        ("preconditions", "bakeoff.preconditions._LARGEST_VERSION", 5),
        ("preconditions", "bakeoff.preconditions._VERSION", re.compile('(W/)?"([0-9]{1,19})"')),
        ("strict-json", "bakeoff.strict_json._distinct", dict),
        ("strict-json", "bakeoff.strict_json._no_constant", float),
    ],
)
def test_the_kept_inputs_find_a_planted_fault(
    monkeypatch: pytest.MonkeyPatch, name: str, place: str, fault: Any
) -> None:
    monkeypatch.setattr(place, fault)
    with pytest.raises((AssertionError, KeyError, ValueError)):
        read_kept(name)


# --- time goes with size --------------------------------------------------------------------------


def _members(count: int, *last: str) -> bytes:
    names = [*(f"n{number}" for number in range(count)), *last]
    return b"{" + b",".join(b'"%s":1' % name.encode() for name in names) + b"}"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bearer-tokens", b"Bearer " + b"." * 60_000),
        ("cursors", b"A" * 60_000),
        ("database-urls", b"postgresql://" + b"://:" * 10_000),
        ("event-ids", b"9" * 60_000),
        ("idempotency-keys", b"a" * 60_000 + b" "),
        ("isbns", b"1-" * 500_000),
        ("isbns", b" " * 1_000_000 + b"x"),
        ("merge-patches", b'{"title":"%s"}' % (b"\\u0390" * 170_000)),
        ("merge-patches", b'{"tags":[%s"a"]}' % (b'"\xce\x90",' * 200_000)),
        ("merge-patches", b'{"price":%s}' % (b"9" * 4_000 + b"." + b"9" * 1_000_000)),
        ("merge-patches", b'{"price":"%s"}' % (b"9" * 1_000_000)),
        ("merge-patches", _members(100_000)),
        ("preconditions", b'"1",' * 16_000 + b"x"),
        ("preconditions", b" ," * 32_000 + b"x"),
        ("preconditions", b'"1"' + b" \t" * 32_000 + b"x"),
        ("strict-json", _members(100_000, "last", "last")),
        ("strict-json", b"[" * 1_000_000),
        ("strict-json", b"[" + b"1e999," * 170_000 + b"1]"),
        ("strict-json", b"9" * 1_000_000),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value[:12]),
)
def test_the_largest_input_takes_no_longer_than_its_size_allows(name: str, data: bytes) -> None:
    """As long as a body or the headers may be; what grows with the square of that takes minutes."""
    began = time.process_time()
    TARGETS[name](data)
    assert time.process_time() - began < _PATIENCE
