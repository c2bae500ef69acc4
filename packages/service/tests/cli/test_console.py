from __future__ import annotations

import pytest

from bakeoff.cli.console import complain, show, show_json


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
