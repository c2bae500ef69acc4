from __future__ import annotations

import pytest

from bakeoff.cli.console import complain, redacted, show, show_json


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("no mysql://ged:hunter2@host/x here", "no mysql://ged:***@host/x here"),
        ("mysql://ged:hun@ter/2:@host/x", "mysql://ged:***@host/x"),
        ("postgresql+asyncpg://:hunter2@host", "postgresql+asyncpg://:***@host"),
        ("mysql://ged@host:3306/x and a@b", "mysql://ged@host:3306/x and a@b"),
        ("sqlite:///a.db", "sqlite:///a.db"),
    ],
)
def test_the_password_of_an_address_is_hidden(written: str, shown: str) -> None:
    assert redacted(written) == shown


def test_errors_go_to_stderr_in_one_piece(capsys: pytest.CaptureFixture[str]) -> None:
    long = "[bold]a[/bold] :smile: " + "word " * 100
    complain(long)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"error: {long}\n"


def test_results_go_to_stdout_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    long = "[link]x[/link] " + "y" * 300
    show(long)
    show_json({"é": 1})
    assert capsys.readouterr().out == long + '\n{\n  "é": 1\n}\n'
