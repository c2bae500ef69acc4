"""The soak: what it counts as growth, what it sends, and one short run."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from bakeoff_contract.server import serving
from bakeoff_contract.service import application
from bakeoff_contract.service_process import started
from bakeoff_contract.soak import __main__ as command
from bakeoff_contract.soak import tasks
from bakeoff_contract.soak.connection import Connection, encoded
from bakeoff_contract.soak.judging import LONG, broken, growth
from bakeoff_contract.soak.mix import EXPECTED, Mix
from bakeoff_contract.soak.run import CLIENTS, POOL
from bakeoff_contract.soak.sampling import Sample, Watch
from bakeoff_contract.throwaway import PostgresqlDatabase, throwaway

POSTGRESQL = [os.environ[command.SERVER]] if command.SERVER in os.environ else []


def samples(
    *, rss: Sequence[int] = (100_000,), requests: int = LONG, **others: Sequence[int]
) -> list[Sample]:
    """Twenty, a twentieth of the requests apart; the last value of each sequence stays."""
    at = {"connections": (10,), "descriptors": (40,), "tasks": (3,)} | others

    def value(values: Sequence[int], number: int) -> int:
        return values[min(number, len(values) - 1)]

    return [
        Sample(
            requests=requests * (number + 1) // 20,
            seconds=float(number),
            rss_kib=value(rss, number),
            connections=value(at["connections"], number),
            descriptors=value(at["descriptors"], number),
            tasks=value(at["tasks"], number),
        )
        for number in range(20)
    ]


def told(
    taken: Sequence[Sample], statuses: Mapping[int, int] | None = None, *, unanswered: int = 0
) -> list[str]:
    return broken(taken, statuses or {}, unanswered, pool=10)


def test_what_stays_flat_holds() -> None:
    assert told(samples(), {200: 900, 201: 50, 409: 40, 412: 10}) == []


def test_growth_is_from_the_first_tenth_to_the_last() -> None:
    climbing = [50_000, 100_000, *range(100_000, 103_600, 200)]
    assert growth(samples(rss=climbing)) == pytest.approx(3.3)
    assert told(samples(rss=climbing)) == ["memory grew by 3.3 %, and 2 % is too much"]


def test_memory_that_is_taken_in_the_first_tenth_is_no_growth() -> None:
    assert told(samples(rss=[50_000, 100_000, 101_000])) == []


def test_memory_that_was_taken_for_a_moment_is_no_growth() -> None:
    assert told(samples(rss=[100_000] * 10 + [150_000] + [100_500])) == []


def test_a_short_run_is_told_large_growth_only() -> None:
    grown = [100_000, 100_000, 115_000]
    assert told(samples(rss=grown, requests=2000)) == []
    assert told(samples(rss=[100_000, 100_000, 130_000], requests=2000)) == [
        "memory grew by 30.0 %, and 20 % is too much"
    ]


def test_one_more_task_is_growth() -> None:
    assert told(samples(tasks=[5, 5, 5, 6, 5])) == ["tasks grew from 5 to 6"]
    assert told(samples(tasks=[5, 6, 5, 6, 4])) == []


def test_one_more_descriptor_is_growth_unless_it_is_a_connection_of_the_pool() -> None:
    grown = [40, 40, 40, 41]
    assert told(samples(descriptors=grown)) == [
        "descriptors besides connections grew from 30 to 31"
    ]
    assert told(samples(descriptors=grown, connections=[9, 9, 9, 10])) == []


def test_no_more_connections_are_allowed_than_the_pool_has() -> None:
    grown = samples(connections=[10, 10, 10, 11], descriptors=[40, 40, 40, 41])
    assert told(grown) == ["there were 11 connections, and the pool may have 10"]


def test_answers_that_nobody_expected_are_told() -> None:
    assert told(samples(), {200: 7, 500: 1, 503: 2}, unanswered=3) == [
        "1 requests were answered with 500",
        "2 requests were answered with 503",
        "3 requests were not answered at all",
    ]


def test_nothing_is_said_of_one_sample() -> None:
    with pytest.raises(ValueError, match="fewer than two"):
        told(samples()[:1])


def test_every_request_of_the_mix_is_one_that_a_service_answers_as_expected() -> None:
    kinds, statuses = set(), set()
    with serving(application("memory")) as base_url:

        async def ask() -> None:
            connection = Connection(base_url)
            author = await connection.ask(encoded(base_url, "POST", "/authors", b'{"name": "a"}'))
            fields = {"author_id": json.loads(author.body)["id"], "price": 1, "stock": 1000}
            bulk = json.dumps([fields | {"title": f"t {n}"} for n in range(10)]).encode()
            books = await connection.ask(encoded(base_url, "POST", "/books/bulk", bulk))
            user = json.dumps({"username": "ana", "email": "a@b.example", "password": "12345678"})
            customer = await connection.ask(encoded(base_url, "POST", "/users", user.encode()))
            mix = Mix(base_url, json.loads(books.body), json.loads(customer.body), seed=7)
            for _ in range(400):
                asked = mix.draw()
                answer = await connection.ask(asked.content)
                asked.learn(answer)
                method, path, _ = asked.content.split(b" ", 2)
                kinds.add((method, path.split(b"/")[1].partition(b"?")[0], path.count(b"/")))
                statuses.add(answer.status)
            connection.abort()

        asyncio.run(ask())
    assert statuses == EXPECTED
    assert kinds == {
        (b"GET", b"books", 1),
        (b"GET", b"books", 2),
        (b"GET", b"orders", 1),
        (b"PATCH", b"books", 2),
        (b"POST", b"orders", 1),
        (b"POST", b"orders", 3),
    }


def test_a_connection_that_was_left_or_closed_is_opened_again() -> None:
    with serving(application("memory")) as base_url:

        async def ask() -> list[int]:
            connection = Connection(base_url)
            request = encoded(base_url, "GET", "/health/live")
            first = await connection.ask(request)
            await connection.leave(request, after=0.001)
            second = await connection.ask(request)
            connection.abort()
            return [first.status, second.status]

        assert asyncio.run(ask()) == [200, 200]


def test_without_a_server_the_variable_that_names_it_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv(command.SERVER, raising=False)
    arguments = ["--backend", "raw", "--requests", "1000", "--minutes", "1"]
    with pytest.raises(SystemExit):
        command.main([*arguments, "--report", str(tmp_path / "soak.json")])
    assert "BAKEOFF_TEST_POSTGRESQL_URL names no server" in capsys.readouterr().err


@pytest.mark.parametrize("server", POSTGRESQL)
def test_a_short_run_on_a_real_server_holds(
    server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(command.SERVER, server)
    report = tmp_path / "soak.json"
    arguments = ["--backend", "raw", "--requests", "1000", "--minutes", "5"]
    assert command.main([*arguments, "--report", str(report)]) == 0, report.read_text("utf-8")
    record = json.loads(report.read_text("utf-8"))
    assert (record["backend"], record["database"]) == ("raw", "postgresql")
    assert (record["requests"], record["left"]) == (1000, 10)
    assert sum(record["statuses"].values()) == record["requests"] - record["left"]
    assert len(record["samples"]) == 10
    last = record["samples"][-1]
    assert 1 <= last["connections"] <= POOL
    assert last["descriptors"] >= CLIENTS + last["connections"]
    assert last["tasks"] >= 1
    assert last["rss_kib"] > 10_000


@pytest.mark.parametrize("server", POSTGRESQL)
def test_connections_that_clients_keep_are_seen(server: str) -> None:
    with throwaway(server) as database, ExitStack() as stack:
        assert isinstance(database, PostgresqlDatabase)
        service = started("raw", database.url, path=tasks.PATH, modules="tasks")
        pid, base_url = stack.enter_context(service)
        watch = stack.enter_context(Watch(pid, database, base_url))

        async def look() -> tuple[Sample, Sample]:
            before = await watch.at_rest(0)
            kept = [Connection(base_url) for _ in range(3)]
            for connection in kept:
                await connection.ask(encoded(base_url, "GET", "/health/live"))
            after = await watch.at_rest(3)
            for connection in kept:
                connection.abort()
            watch.close()
            return before, after

        before, after = asyncio.run(look())
    assert after.descriptors == before.descriptors + 3
    assert after.tasks == before.tasks
