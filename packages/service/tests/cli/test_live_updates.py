"""Streams of changes when the service that tells them is stopped."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager

import httpx
import pytest

Served = Callable[..., AbstractContextManager[tuple[subprocess.Popen[str], httpx.Client]]]

PATH = "/books/changes"
# So long that a test would notice if a stream held up the end.
PATIENT = {"outbox": "on", "request_timeout": "3600", "log_level": "error"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stream_ends_as_soon_as_the_service_is_told_to_stop(served: Served, number: int) -> None:
    with served(**PATIENT) as (process, client):
        with client.stream("GET", PATH) as response:
            lines = response.iter_lines()
            assert next(lines) == ": following"
            process.send_signal(number)
            # It ends as an answer should, so that the client knows.
            rest = list(lines)
        _, err = process.communicate(timeout=30)
    assert not any(line.startswith("event") for line in rest)
    assert process.returncode == 0
    assert err == ""


def test_a_client_that_does_not_read_does_not_hold_up_the_end(served: Served) -> None:
    with served(**PATIENT, live_queue="1000") as (process, client), socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect((client.base_url.host, client.base_url.port))
        stuck.sendall(f"GET {PATH} HTTP/1.1\r\nHost: bookstore\r\n\r\n".encode())
        author = client.post("/authors", json={"name": "Ged"}).json()["id"]
        book = {"title": "t", "author_id": author, "price": "1"}
        # Once a change finds no room, the system keeps no more for this client.
        while not dropped(client):
            assert client.post("/books/bulk", json=[book] * 1000).status_code == 201
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Cancel" not in err


def dropped(client: httpx.Client) -> float:
    text = client.get("/metrics?name[]=bakeoff_live_dropped_total").text
    found = re.search(r"^bakeoff_live_dropped_total (.+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])
