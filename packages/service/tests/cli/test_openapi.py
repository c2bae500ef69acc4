from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from bakeoff import backends, openapi
from bakeoff.app import create_app
from bakeoff.settings import Settings

Bakeoff = Callable[..., Result]


def served() -> bytes:
    return openapi.render(create_app(Settings(_env_file=None, backend="memory")))


def test_it_prints_what_is_served(bakeoff: Bakeoff) -> None:
    result = bakeoff("openapi")
    assert result.exit_code == 0
    assert result.stdout_bytes == served()


def test_it_needs_neither_a_backend_nor_sound_settings(
    bakeoff: Bakeoff, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = served()
    monkeypatch.setattr(backends, "GROUP", "bakeoff.no_such_group")
    assert bakeoff("list", "--json").stdout == "[]\n"
    result = bakeoff("openapi", pool_max="many", database_url="nowhere")
    assert result.stdout_bytes == expected


def test_a_file_it_wrote_is_up_to_date(bakeoff: Bakeoff) -> None:
    assert bakeoff("openapi", "--write", "api.json").stdout == "api.json written\n"
    assert bakeoff("openapi", "--write", "api.json").stdout == "api.json is as it was\n"
    assert Path("api.json").read_bytes() == served()
    result = bakeoff("openapi", "--check", "api.json")
    assert (result.exit_code, result.stdout) == (0, "api.json is up to date\n")


def test_a_changed_line_is_shown(bakeoff: Bakeoff) -> None:
    document = json.loads(served())
    document["info"]["title"] = "Bakeoff bookshop"
    Path("api.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    result = bakeoff("openapi", "--check", "api.json")
    assert result.exit_code == 1
    assert '-    "title": "Bakeoff bookshop",' in result.stdout
    assert '+    "title": "Bakeoff bookstore",' in result.stdout
    assert "bakeoff openapi --write api.json" in result.stderr


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (served()[:-1], len(served()) - 1),
        (served() + b"\n", len(served())),
        (served().replace(b"\n", b"\r\n"), 1),
        (b"\xff", 0),
        (b"", 0),
    ],
    ids=["cut", "longer", "crlf", "no text", "empty"],
)
def test_a_difference_of_one_byte_is_a_difference(
    bakeoff: Bakeoff, content: bytes, place: int
) -> None:
    Path("api.json").write_bytes(content)
    result = bakeoff("openapi", "--check", "api.json")
    assert result.exit_code == 1
    assert f"first at byte {place}." in result.stderr
    assert len(result.stdout.splitlines()) <= 41


@pytest.mark.parametrize("option", ["--check", "--write"])
def test_a_file_out_of_reach_is_named(bakeoff: Bakeoff, option: str) -> None:
    result = bakeoff("openapi", option, "nowhere/api.json")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: nowhere/api.json cannot be ")


def test_it_writes_or_checks_but_not_both(bakeoff: Bakeoff) -> None:
    assert bakeoff("openapi", "--check", "a", "--write", "a").exit_code == 2
