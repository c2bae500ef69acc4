from __future__ import annotations

import os
import socket
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_tasks import page_commands, site_pages, tutorial
from bakeoff_tasks.page_commands import follow, missing
from bakeoff_tasks.registry import ROOT
from bakeoff_tasks.tutorial import Differs

BIN = str(Path(sys.executable).parent)
# The tutorial is typed by a check of its own, in a copy of the repository.
PAGES = [
    path
    for path in site_pages.places(ROOT)
    if path != tutorial.PAGE and "```console" in path.read_text("utf-8")
]


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the system, which the other tests of the tools hide."""
    monkeypatch.setenv("PATH", os.defpath)


def page(*lines: str, info: str = "console", before: str = "") -> str:
    return "\n".join(["# A page", "", before, "", f"```{info}", *lines, "```", ""])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_commands_of_a_page_print_what_the_page_shows(path: Path) -> None:
    follow(path.read_text("utf-8"), path=BIN)


def test_some_pages_have_commands_that_are_typed() -> None:
    typed = {path.name for path in PAGES if [*page_commands.commands(path.read_text("utf-8"))]}
    assert {"tour.md", "swap-a-backend.md", "certify-your-server.md"} <= typed


def test_a_command_ends_where_the_next_one_or_its_output_begins() -> None:
    text = page("$ echo one \\", "    two", "one two", "…", "$ true")
    assert [(one.typed, one.printed) for one in page_commands.commands(text)] == [
        ("echo one \\\n    two", ("one two",)),
        ("true", ()),
    ]


# Neither a fence nor white space at the end of a line, which Markdown would take.
words = st.text("abc $#|&<>`", min_size=1).map(lambda text: f"x{text}x")
outputs = st.lists(words, max_size=3).map(tuple)


@given(st.lists(st.tuples(st.lists(words, min_size=1, max_size=3), outputs), min_size=1))
def test_whatever_is_written_in_a_block_is_typed_and_expected(
    written: list[tuple[list[str], tuple[str, ...]]],
) -> None:
    lines = []
    for typed, printed in written:
        lines += ["$ " + " \\\n".join(typed), *printed]
    found = [(one.typed, one.printed) for one in page_commands.commands(page(*lines))]
    assert found == [(" \\\n".join(typed), printed) for typed, printed in written]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["$ false"], "ended with 1"),
        (["$ echo one", "two"], "lacks the line: two"),
        (["$ printf 'b\\na\\n'", "a", "b"], "lacks the line: b"),
        (["$ echo no server &", "ready"], "lacks the line: ready"),
    ],
)
def test_a_command_that_does_something_else_is_named(lines: list[str], reason: str) -> None:
    with pytest.raises(Differs, match=reason):
        follow(page(*lines), path=BIN)


def test_a_command_that_should_fail_must_fail() -> None:
    follow(page("$ false", info="console fails"), path=BIN)
    with pytest.raises(Differs, match="ended with 0"):
        follow(page("$ true", info="console fails"), path=BIN)


def test_what_is_not_run_says_why_in_the_page() -> None:
    follow(page("$ false", before="<!-- not run: it fails -->"), path=BIN)
    for comment in ("<!-- not run: -->", "<!-- not run -->", "<!-- it fails -->", "not run: no"):
        with pytest.raises(Differs):
            follow(page("$ false", before=comment), path=BIN)


def test_a_reason_counts_for_the_next_block_alone() -> None:
    text = page("$ true", before="<!-- not run: it takes long -->") + page("$ false")
    with pytest.raises(Differs):
        follow(text, path=BIN)


def test_a_block_that_begins_with_no_command_is_refused() -> None:
    with pytest.raises(ValueError, match="must begin with"):
        follow(page("bakeoff list"), path=BIN)


def test_dots_stand_for_anything_and_what_is_not_shown_does_not_matter() -> None:
    printed = "Rows 40 in 0.3 s\nsomething\nLoaded 40\n"
    assert missing(printed, ["Rows … in … s", "Loaded"]) is None
    assert missing(printed, ["Loaded", "Rows"]) == "Rows"
    assert missing(printed, ["Rows … Loaded"]) == "Rows … Loaded"


def test_a_server_answers_the_commands_after_it_and_ends_with_the_page(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("", "utf-8")
    serve = f"$ python -u -m http.server 8000 --bind 127.0.0.1 --directory {tmp_path} &"
    fetch = (
        "$ python -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000').url)\""
    )
    note = f"{fetch} > {tmp_path}/address"
    follow(page(serve, "Serving HTTP on 127.0.0.1 port 8000", fetch, ":8000", note), path=BIN)
    address = (tmp_path / "address").read_text("utf-8").strip()
    with pytest.raises(OSError):
        urllib.request.urlopen(address, timeout=5)


def test_a_port_of_a_page_that_is_taken_does_not_matter() -> None:
    with socket.socket() as listener:
        with suppress(OSError):  # somebody else has it, which is as good
            listener.bind(("127.0.0.1", 8000))
            listener.listen()
        serve = "$ python -u -m http.server 8000 --bind 127.0.0.1 &"
        follow(page(serve, "Serving HTTP on 127.0.0.1 port 8000"), path=BIN)


def test_neither_settings_nor_files_of_whoever_runs_it_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BAKEOFF_BACKEND", "none")
    follow(page("$ echo [$BAKEOFF_BACKEND] $(ls -A | wc -l)", "[] 0"), path=BIN)
