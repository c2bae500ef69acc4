"""What the harness asks of a server, and does to it, whatever else goes on there."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import psycopg2
import pymysql
import pytest

from bakeoff_contract.throwaway import Server, throwaway

SERVERS = {
    name: os.environ[variable]
    for name in ("postgresql", "mysql", "mariadb")
    if (variable := f"BAKEOFF_TEST_{name.upper()}_URL") in os.environ
}
SLEEPS = {"postgresql": "SELECT pg_sleep(30), '𝔘'", "mysql": "SELECT SLEEP(30), '𝔘'"}


@pytest.fixture(params=[*SERVERS])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A database on each of the servers that are there."""
    with throwaway(SERVERS[request.param]) as made:
        assert isinstance(made, Server)
        assert made.product() == request.param
        yield made


def test_sessions_are_those_of_this_database_and_not_ours(server: Server) -> None:
    with throwaway(server.url.render()) as other, ExitStack() as stack:
        assert isinstance(other, Server)
        for database, count in ((server, 2), (other, 1)):
            for _ in range(count):
                stack.enter_context(closing(database.connect()))
        _until(server, sessions=2)
        _until(other, sessions=1)
        assert server.running() == set()


def test_sessions_that_are_ended_are_gone_and_the_others_are_not(server: Server) -> None:
    with closing(server.connect()) as one:
        (first,) = _until(server, sessions=1)
        with closing(server.connect()) as other:
            server.end({first})
            server.end({first})
            _until(server, sessions=1)
            _ask(other, "SELECT 1")
            with pytest.raises((psycopg2.OperationalError, pymysql.err.OperationalError)):
                _ask(one, "SELECT 1")


def test_four_bytes_of_somebody_else_keep_nobody_from_looking(server: Server) -> None:
    """MySQL 9 cannot list its sessions in `information_schema` while a statement holds them."""
    family = server.url.family
    with closing(server.connect()) as sleeper, server.books_locked():
        asleep = threading.Thread(target=_sleep, args=(sleeper, SLEEPS[family]))
        asleep.start()
        deadline = time.monotonic() + 10
        while not (running := server.running()):
            assert time.monotonic() < deadline
        _until(server, sessions=2)
        assert len(server.open_transactions()) >= 1
        server.end(running)
        asleep.join(10)
        assert not asleep.is_alive()
        _until(server, sessions=1)


def test_what_is_hidden_cannot_be_read_and_what_is_locked_can(server: Server) -> None:
    with closing(server.connect()) as reader:
        limit = {
            "postgresql": "SET statement_timeout = 200",
            "mysql": "SET max_execution_time = 200",
            "mariadb": "SET max_statement_time = 0.2",
        }
        _ask(reader, limit[server.product()], answers=False)
        with server.books_locked():
            assert _ask(reader, "SELECT count(*) FROM books") == (0,)
        with (
            server.books_hidden(),
            pytest.raises((psycopg2.OperationalError, pymysql.err.OperationalError)),
        ):
            _ask(reader, "SELECT count(*) FROM books")
        assert _ask(reader, "SELECT count(*) FROM books") == (0,)


def _until(server: Server, *, sessions: int) -> set[int]:
    """Wait for the server to notice, in its own time, that a client has hung up."""
    deadline = time.monotonic() + 10
    while len(seen := server.sessions()) != sessions:
        assert time.monotonic() < deadline, f"{len(seen)} sessions, not {sessions}"
        time.sleep(0.01)
    return seen


def _sleep(connection: Any, statement: str) -> None:
    with pytest.raises((psycopg2.OperationalError, pymysql.err.OperationalError)):
        _ask(connection, statement)


def _ask(connection: Any, statement: str, *, answers: bool = True) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() if answers else None
