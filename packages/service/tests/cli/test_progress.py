from __future__ import annotations

import pytest

from bakeoff.cli import load_run
from bakeoff.loading.importing import Totals

TOTALS = Totals(read=10, loaded=5, present=3, rejected=2)


@pytest.mark.parametrize(("size", "share"), [(200, "25 %, "), (None, ""), (0, "")])
def test_where_no_terminal_is_there_are_lines_now_and_then(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    size: int | None,
    share: str,
) -> None:
    with load_run.progress("b.csv", size=size) as report:
        report(TOTALS, 50)
        assert capsys.readouterr().err == ""
        monkeypatch.setattr(load_run, "SECONDS_BETWEEN_LINES", 0)
        report(TOTALS, 50)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"b.csv: {share}10 read, 5 loaded, 3 there already, 2 rejected\n"
