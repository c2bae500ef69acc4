"""A client writes what it likes into its requests, and no line of the log but its own."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

Serving = Callable[..., AbstractContextManager[Any]]

COMMAND = "bakeoff serve --backend memory --port 8000"
# A line of either format, and what a terminal or a reader may take for something else.
FORGED = [
    "\r\n2026-11-30 00:00:00,000 ERROR bakeoff forged\r\n",
    '\n{"level": "ERROR", "message": "forged"}\n',
    "\x1b[2J\x1b]0;forged\x07\x9b31m\x7f\x00\x08",
    "\u2028forged\u2029forged\x85forged\x0bforged\x0cforged",
    "\u202edegrof\u2066\u200f",
    "%s %(message)s {0} \\n ${jndi:ldap://forged}",
]
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [a-z.]+ ")


def exchange(port: int, request: bytes) -> bytes:
    """Send one request as it is; all that is answered until the server closes the connection."""
    answered = b""
    with closing(socket.create_connection(("127.0.0.1", port), 30)) as connection:
        connection.sendall(request)
        while data := connection.recv(65536):
            answered += data
    return answered


def requests(text: str) -> list[bytes]:
    """The text in each place of a request that HTTP lets it have."""
    path = quote(text, safe="").encode()
    # A header with a control character is refused before anything is logged of it.
    value = re.sub(r"[\x00-\x1f\x7f]", " ", text).encode()
    form = b"username=" + path + b"&password=" + path
    body = json.dumps({"username": text, "email": text, "password": text}).encode()
    end = b"Host: a\r\nConnection: close\r\n"
    return [
        b"GET /" + path + b" HTTP/1.1\r\n" + end + b"\r\n",
        b"GET /books/" + path + b"?" + path + b"=" + path + b" HTTP/1.1\r\n" + end + b"\r\n",
        b"GET /books HTTP/1.1\r\n"
        + end
        + b"".join(
            name + b": " + value + b"\r\n"
            for name in (
                *(b"X-Request-ID", b"User-Agent", b"Authorization", b"traceparent", b"Referer"),
                *(b"X-Forwarded-For", b"X-Forwarded-Proto", b"Idempotency-Key", b"Origin"),
            )
        )
        + b"\r\n",
        b"POST /auth/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        + b"Content-Length: %d\r\n" % len(form)
        + end
        + b"\r\n"
        + form,
        b"POST /users HTTP/1.1\r\nContent-Type: application/json\r\n"
        + b"Content-Length: %d\r\n" % len(body)
        + end
        + b"\r\n"
        + body,
    ]


SETTINGS = {
    "auth": "writes",
    "auth_keys": f"a:{'0' * 32}",
    "auth_attempts": "1000 per minute",
    "rate_limit": "10000 per minute",
    "telemetry": "off",
    "log_level": "debug",
    "argon2_time_cost": "1",
    "argon2_memory_kib": "32",
}


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_whatever_a_request_holds_it_is_one_line_of_the_log_and_no_header_of_the_answer(
    serving: Serving, log_format: str
) -> None:
    sent = [request for text in FORGED for request in requests(text)]
    with serving(COMMAND, log_format=log_format, **SETTINGS) as served:
        answers = [exchange(served.port, request) for request in sent]
        assert served.stop() == 0
        lines = _lines(served.stderr)
    for answer in answers:
        head = answer.partition(b"\r\n\r\n")[0]
        assert b"forged" not in head
        assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", head)
        assert re.fullmatch(rb"HTTP/1\.1 \d{3} [^\r\n]*(\r\n[a-z-]+: [^\r\n]*)+", head)
    accesses = _accesses(lines, log_format)
    # Those of the fixture, which waits until it serves, are not of them.
    assert len([path for path in accesses if path != "/health/ready"]) == len(sent)


def _lines(file: Path) -> list[str]:
    text = file.read_bytes().decode()
    assert text.endswith("\n")
    # At a line feed alone: what else ends a line for some readers must not be there.
    return text.removesuffix("\n").split("\n")


def _accesses(lines: list[str], log_format: str) -> list[str]:
    """The paths of the lines that tell of requests; every line is one of the service's own."""
    paths = []
    for line in lines:
        assert line.isprintable() or log_format == "json"
        if log_format == "text":
            assert TIME.match(line), line
            if found := re.search(r" bakeoff\.access request [A-Z]+ (.*) \d{3} [\d.]+ ms ", line):
                paths.append(found[1])
        else:
            # DEL is all that JSON leaves as it is; readers of JSON do not mind.
            assert line.replace("\x7f", "").isprintable()
            record = json.loads(line)
            assert set(record) >= {"time", "level", "logger", "message"}
            if record["logger"] == "bakeoff.access":
                paths.append(record["path"])
    return paths
