from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from bakeoff_report import refreshing
from bakeoff_report.errors import ReportError

INDEX = "https://user:secret@packages.example/simple/"
TODAY = date(2026, 11, 30)


def answer(*files: dict[str, Any]) -> refreshing.Fetch:
    def fetch(address: str, accept: str) -> bytes:
        assert address == f"{INDEX}elm/"
        assert accept == refreshing.JSON
        return json.dumps({"name": "elm", "files": files}).encode()

    return fetch


def file(name: str, day: str, **changes: Any) -> dict[str, Any]:
    return {
        "filename": name,
        "upload-time": f"{day}T10:00:00Z",
        "requires-python": ">=3.9",
    } | changes


def test_the_last_release_is_no_pre_release_and_not_withdrawn() -> None:
    fetch = answer(
        file("elm-1.0.tar.gz", "2025-01-01"),
        file("elm-1.10-py3-none-any.whl", "2026-02-02", yanked=True),
        file("elm-1.9-py3-none-any.whl", "2026-01-03"),
        file("elm-1.9.tar.gz", "2026-01-02"),
        file("elm-2.0rc1.tar.gz", "2026-03-03"),
        file("elm-3.0.exe", "2026-03-03"),
    )
    facts = refreshing.look_up("elm", ["1.0", "0.1"], index=INDEX, today=TODAY, fetch=fetch)
    assert (facts.last, facts.released) == ("1.9", date(2026, 1, 2))
    assert facts.days == {"1.0": date(2025, 1, 1)}
    assert (facts.python, facts.looked_up) == (">=3.9", TODAY)
    assert json.loads(refreshing.written([facts]))["elm"]["last"] == "1.9"


def test_a_pre_release_counts_where_there_is_nothing_else() -> None:
    fetch = answer(file("elm-2.0rc1.tar.gz", "2026-03-03"))
    assert refreshing.look_up("elm", [], index=INDEX, today=TODAY, fetch=fetch).last == "2.0rc1"


def no_answer(address: str, accept: str) -> bytes:
    raise OSError("refused")


@pytest.mark.parametrize(
    ("fetch", "message"),
    [
        (no_answer, "the index has no answer for elm: refused"),
        (lambda *_: b"<html>", "the index has no answer for elm: it is no JSON of PEP 691"),
        (answer(), "the index has no release of elm"),
    ],
)
def test_an_index_without_an_answer_is_an_error_that_shows_no_password(
    fetch: refreshing.Fetch, message: str
) -> None:
    with pytest.raises(ReportError) as raised:
        refreshing.look_up("elm", [], index=INDEX, today=TODAY, fetch=fetch)
    assert str(raised.value) == message


def test_the_index_is_the_one_that_is_named() -> None:
    environ = {"PIP_INDEX_URL": "https://b.example/simple", "UV_DEFAULT_INDEX": "https://a.example"}
    assert refreshing.index(None, environ) == "https://a.example/"
    assert refreshing.index("http://c.example/simple/", environ) == "http://c.example/simple/"


def test_without_an_index_the_option_is_named() -> None:
    with pytest.raises(ReportError, match="no package index is named: use --index, or set UV_DEF"):
        refreshing.index(None, {})
    with pytest.raises(ReportError, match="must be an http or https address"):
        refreshing.index("file:///simple", {})
