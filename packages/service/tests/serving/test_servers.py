from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from bakeoff_schemas import migrate

Serving = Callable[..., AbstractContextManager[Any]]

PAGE = Path(__file__).parents[4] / "docs/deploy.md"
BODY = b'{"name": "Ursula K. Le Guin"}'
# As they stand in the page.
COMMANDS = {
    line.split()[0]: line.removesuffix(" &")
    for line in re.findall(r"^\$ (.* --workers .*)$", PAGE.read_text("utf-8"), re.MULTILINE)
}


def begun(port: int) -> HTTPConnection:
    """A request whose body is half sent, on a connection that the server has accepted."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/health/live")
    assert connection.getresponse().read()
    connection.putrequest("POST", "/authors")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(len(BODY)))
    connection.endheaders(BODY[:10])
    return connection


def finished(connection: HTTPConnection) -> HTTPResponse:
    connection.send(BODY[10:])
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_the_page_has_a_command_line_for_every_server() -> None:
    assert set(COMMANDS) == {"bakeoff", "uvicorn", "gunicorn", "granian"}


@pytest.mark.parametrize("server", COMMANDS)
def test_a_server_serves_below_a_root_path_and_answers_what_it_has_begun_before_it_ends(
    serving: Serving, server: str
) -> None:
    migrate.upgrade("sqlite:///bookstore.db")
    with serving(COMMANDS[server], backend="raw", root_path="/shop") as served:
        assert '"servers": [\n    {\n      "url": "/shop"' in served.get("/openapi.json").text
        assert served.get("/shop/books").json()["items"] == []
        absent = served.get("/authors/9")
        assert (absent.status_code, absent.json()["instance"]) == (404, "/shop/authors/9")
        request = begun(served.port)
        # The server shall have read the first half; it would be answered all the same if not.
        time.sleep(0.3)
        served.process.terminate()
        time.sleep(0.7)
        answer = finished(request)
        assert (answer.status, answer.headers["location"]) == (201, "/shop/authors/1")
        assert served.process.wait(120) == 0
        assert "Traceback" not in served.stderr.read_text()


@pytest.mark.parametrize("server", COMMANDS)
def test_a_setting_that_is_wrong_is_told_and_ends_the_server(serving: Serving, server: str) -> None:
    with serving(COMMANDS[server], ready=None, pool_max="hunter2") as served:
        served.process.wait(120)
        printed = served.stderr.read_text()
    assert "error: BAKEOFF_POOL_MAX: Input should be a valid integer" in printed
    assert "hunter2" not in printed
