"""The faults of a service's own process, and of its file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import httpx
from plain_notes import Notes, until

from bakeoff_contract.api import Api
from bakeoff_contract.faults.every import EVERY
from bakeoff_contract.faults.fault import Target
from bakeoff_contract.faults.injected.unfinished_writes import has_unfinished_writes
from bakeoff_contract.throwaway import Server

HOUR = 3600.0
# Prints its clocks for each line that it is sent, after a thread that waits has got its turn beside
# one that does not.
CLOCK = """
import datetime, sys, threading, time
for _ in sys.stdin:
    waiting = threading.Thread(target=time.sleep, args=(0.01,))
    waiting.start()
    while waiting.is_alive():
        pass
    now = datetime.datetime.now(datetime.UTC).timestamp()
    assert abs(now - time.time()) < 60
    print(now, time.monotonic(), flush=True)
"""


@contextmanager
def authors_added(target: Target) -> Iterator[list[int]]:
    """Add authors meanwhile, whatever the service does; yields the ids that were acknowledged."""
    over = threading.Event()
    added: list[int] = []

    def add() -> None:
        with httpx.Client(base_url=target.service.base_url, timeout=10) as client:
            while not over.is_set():
                with suppress(httpx.TransportError):
                    answer = client.post("/authors", json={"name": "a"})
                    if answer.status_code == 201:
                        added.append(answer.json()["id"])

    thread = threading.Thread(target=add)
    thread.start()
    try:
        yield added
    finally:
        over.set()
        thread.join()


def test_a_service_is_killed_while_it_has_a_write_uncommitted(file_target: Target) -> None:
    service = file_target.service
    service.start()
    with authors_added(file_target) as added:
        until(lambda: len(added) > 10)
        first = service.pid
        with EVERY["service-killed"].inject(file_target):
            until(lambda: service.pid != first)
    assert not service.runs
    service.start()
    with Api(service.base_url) as api:
        pages = api.pages("/authors", limit=100)
        assert {*added} <= {author["id"] for page in pages for author in page}


def test_a_service_is_asked_to_end_and_ends_well(file_target: Target) -> None:
    service = file_target.service
    service.start()
    with authors_added(file_target) as added:
        until(lambda: len(added) > 10)
        with EVERY["service-terminated"].inject(file_target):
            assert not service.runs
    if not service.runs:
        service.start()
    with Api(service.base_url) as api:
        pages = api.pages("/authors", limit=100)
        assert {*added} <= {author["id"] for page in pages for author in page}


def test_a_write_that_is_not_committed_is_seen_and_a_read_is_not_taken_for_one(
    target: Target,
) -> None:
    database = target.database
    assert isinstance(database, Server)
    # A table that somebody uses is dropped only when he has gone.
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        assert not has_unfinished_writes(database)
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM books")
        cursor.fetchall()
        assert not has_unfinished_writes(database)
        cursor.execute("INSERT INTO notes (content) VALUES ('𝔘')")
        assert has_unfinished_writes(database)
        cursor.execute("COMMIT")
        assert not has_unfinished_writes(database)


def test_while_another_process_has_the_lock_of_a_file_it_can_be_read_and_not_written(
    file_target: Target,
) -> None:
    with Notes(file_target.database.url) as notes:
        with EVERY["sqlite-locked"].inject(file_target):
            assert notes.refusal() == "database is locked"
            assert notes.count() == 0
        notes.add()
        assert notes.count() == 1


def test_a_clock_goes_back_by_an_hour_and_timeouts_do_not_notice(file_target: Target) -> None:
    fault = EVERY["clock-back"]
    if (why := fault.why_not(file_target)) is not None:
        assert "compiler" in why
        return
    with (
        fault.prepare(file_target),
        subprocess.Popen(
            [sys.executable, "-c", CLOCK],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **fault.variables(file_target)},
        ) as process,
    ):

        def behind() -> float:
            """By how much its clock is behind ours; the other clock is always the machine's."""
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            clock, monotonic = map(float, process.stdout.readline().split())
            assert abs(time.monotonic() - monotonic) < HOUR / 4
            return time.time() - clock

        assert abs(behind()) < HOUR / 4
        with fault.inject(file_target):
            assert abs(behind() - HOUR) < HOUR / 4
        assert abs(behind()) < HOUR / 4
        process.communicate()
