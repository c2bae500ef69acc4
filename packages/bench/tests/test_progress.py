from __future__ import annotations

import pytest

from bakeoff_bench.cli import console, progress


@pytest.fixture
def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")


@pytest.mark.parametrize(
    ("elapsed", "done", "left"),
    [
        (10, 0.0, ""),
        (10, 0.5, "10 s left"),
        (100, 0.25, "5 min 0 s left"),
        (3600, 0.25, "3 h 0 min left"),
        (60, 1.0, "0 s left"),
    ],
)
def test_the_time_left_follows_from_what_is_done(elapsed: float, done: float, left: str) -> None:
    assert progress.time_left(elapsed, done=done) == left


def test_where_no_terminal_is_there_are_lines_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with progress.shown("in process") as report:
        report("sqlite: restart 1", done=0.1)
        assert capsys.readouterr().err == ""
        monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0)
        report("sqlite: restart 2", done=0.0)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "in process: 0%: sqlite: restart 2\n"


@pytest.mark.usefixtures("on_a_terminal")
def test_on_a_terminal_there_is_a_bar_with_what_is_being_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress.shown("in process") as report:
        report("sqlite: restart 2", done=0.5)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "50%" in captured.err
    assert "s left" in captured.err
    assert "sqlite: restart 2" in captured.err


@pytest.mark.usefixtures("on_a_terminal")
def test_a_password_is_shown_neither_in_the_bar_nor_in_a_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    secret = "cannot reach mysql://root:p@ss:w/ord@127.0.0.1/books"
    with progress.shown("in process") as report:
        report(secret, done=0.5)
    console.complain(secret)
    console.remark(secret)
    shown = capsys.readouterr().err
    assert "p@ss" not in shown
    assert "w/ord" not in shown
    assert shown.count("root:***@127.0.0.1/books") >= 3
