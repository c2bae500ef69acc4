from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
from pythonjsonlogger.json import JsonFormatter

from bakeoff.logs import TextFormatter, configure
from bakeoff.settings import Settings

PATH = "/books/\n2026 INFO forged\r\x1b[2J\x7f\x9b31m\u2028\u202e\u2066é"


@pytest.fixture
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the log writes, in the format of the parameter."""
    root = logging.getLogger()
    before, levels = root.handlers[:], {n: logging.getLogger(n).level for n in ("", "bakeoff")}
    configure(Settings(_env_file=None, log_format=request.param))  # type: ignore[call-arg]
    [handler] = [one for one in root.handlers if one not in before]
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    handler.setStream(stream)
    yield stream
    root.handlers[:] = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def request_for(path: str) -> None:
    facts = {"method": "GET", "path": path, "status": 404, "seconds": 0.001, "request_id": "a"}
    logging.getLogger("bakeoff.access").info("request", extra=facts)


def controls(text: str) -> list[str]:
    return [character for character in text if not character.isprintable()]


@pytest.mark.parametrize("written", ["text"], indirect=True)
def test_no_request_can_forge_a_line_or_send_codes_to_the_terminal(written: io.StringIO) -> None:
    request_for(PATH)
    line = written.getvalue()
    assert controls(line) == ["\n"]
    assert line.endswith("\n")
    assert r"/books/\n2026 INFO forged\r\x1b[2J\x7f\x9b31m\u2028\u202e\u2066é 404 1.0 ms a" in line


@pytest.mark.parametrize("written", ["json"], indirect=True)
def test_no_request_can_forge_an_object_of_the_json_log(written: io.StringIO) -> None:
    request_for(PATH)
    line = written.getvalue()
    assert [one for one in controls(line) if one != "\x7f"] == ["\n"]
    assert json.loads(line)["path"] == PATH


@pytest.mark.parametrize("written", ["text"], indirect=True)
def test_a_traceback_keeps_its_lines_and_no_codes(written: io.StringIO) -> None:
    try:
        raise ValueError("\x1b[2J")
    except ValueError:
        logging.getLogger("bakeoff.failures").exception("a\nb")
    lines = written.getvalue().splitlines()
    assert lines[0].endswith(r"a\nb")
    assert lines[1] == "  Traceback (most recent call last):"
    assert lines[-1] == r"  ValueError: \x1b[2J"


@pytest.mark.parametrize("written", ["text"], indirect=True)
def test_the_text_of_an_error_can_forge_no_line_either(written: io.StringIO) -> None:
    try:
        raise ValueError("a\n2026-11-30 00:00:00,000 INFO bakeoff forged")
    except ValueError:
        logging.getLogger("bakeoff.failures").exception("request failed")
    first, *others = written.getvalue().splitlines()
    assert first.endswith("request failed")
    assert "  2026-11-30 00:00:00,000 INFO bakeoff forged" in others
    assert all(line.startswith("  ") for line in others)


def test_other_handlers_get_the_record_as_it_is() -> None:
    record = logging.LogRecord("bakeoff", logging.INFO, __file__, 1, "%s", ("\n",), None)
    assert TextFormatter("%(message)s").format(record) == r"\n"
    assert record.getMessage() == "\n"
    assert "\\n" in JsonFormatter().format(record)
    assert sys.exc_info() == (None, None, None)
