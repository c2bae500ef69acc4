from __future__ import annotations

import re

import pytest

import def_or_async


def test_both_endpoints_are_loaded_and_compared(capsys: pytest.CaptureFixture[str]) -> None:
    def_or_async.main(["--rounds", "2", "--seconds", "0.1", "--connections", "2"])
    printed = capsys.readouterr().out
    number = r"-?[0-9]+(\.[0-9]+)?"
    spread = rf"{number} \[{number} to {number}\]"
    for name in ("async def", "def"):
        assert re.search(rf"^{name} +{spread} requests/s  {spread} µs", printed, re.MULTILINE)
    assert re.search(rf"slice by slice: rate {spread}, {spread} µs more$", printed, re.MULTILINE)


def test_a_service_that_does_not_start_is_an_error() -> None:
    with pytest.raises(SystemExit, match="does not start"):
        def_or_async.main(["--backend", "none"])
