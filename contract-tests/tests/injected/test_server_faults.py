"""What a plain connection sees of each fault of a server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from plain_notes import DEADLINE, Notes, assert_waits, until

from bakeoff_contract.faults.every import EVERY
from bakeoff_contract.faults.fault import Target
from bakeoff_contract.faults.servers import PrivateServer
from bakeoff_contract.throwaways.database import NoConnection
from bakeoff_schemas.database_url import DatabaseUrl


def test_connections_are_ended_again_and_again_and_then_they_live(
    target: Target, notes: Notes
) -> None:
    with EVERY["connections-ended"].inject(target):
        assert notes.is_dead()
        for _ in range(2):
            with Notes(target.database.url) as new:
                until(new.is_dead)
    with Notes(target.database.url) as new:
        assert new.count() == 0


def test_a_server_that_is_restarted_is_away_and_comes_back(
    target: Target, notes: Notes, server: PrivateServer
) -> None:
    notes.add()
    with EVERY["server-restarted"].inject(target):
        assert notes.is_dead()
        with pytest.raises(NoConnection):
            Notes(target.database.url)
    with Notes(target.database.url) as new:
        assert new.count() == 1


def test_a_server_that_stands_still_answers_nobody_until_it_goes_on(
    target: Target, notes: Notes
) -> None:
    def connect_and_count() -> int:
        with Notes(target.database.url) as new:
            return new.count()

    with ThreadPoolExecutor(2) as threads:
        with EVERY["server-stopped"].inject(target):
            answers = [threads.submit(notes.count), threads.submit(connect_and_count)]
            for answer in answers:
                assert_waits(answer)
        assert [answer.result(DEADLINE) for answer in answers] == [0, 0]


def test_while_the_books_are_locked_every_statement_on_them_waits(
    target: Target, notes: Notes
) -> None:
    with ThreadPoolExecutor(1) as thread:
        with EVERY["pool-exhausted"].inject(target):
            answer = thread.submit(notes.books)
            assert_waits(answer)
        assert answer.result(DEADLINE) == 0


def test_a_server_that_is_read_only_refuses_the_service_to_write_and_lets_it_read(
    target: Target,
) -> None:
    fault = EVERY["server-read-only"]
    expected = "25006" if target.product == "postgresql" else "1290"
    with fault.prepare(target), Notes(url_of_the_service(target)) as notes:
        notes.add()
        with fault.inject(target):
            until(lambda: notes.refusal() == expected)
            with Notes(url_of_the_service(target)) as new:
                assert new.refusal() == expected
            before = notes.count()
        until(lambda: notes.refusal() is None)
        assert notes.count() == before + 1


def test_rights_that_are_revoked_are_missing_at_once_and_come_back(target: Target) -> None:
    fault = EVERY["rights-revoked"]
    expected = "42501" if target.product == "postgresql" else "1142"
    with fault.prepare(target), Notes(url_of_the_service(target)) as notes:
        notes.add()
        with fault.inject(target):
            assert notes.refusal() == expected
            assert notes.refusal_to_read() == expected
        notes.add()
        assert notes.count() == 2


def test_the_user_of_the_service_is_one_of_its_own_and_does_not_outlive_it(
    target: Target, server: PrivateServer
) -> None:
    with EVERY["rights-revoked"].prepare(target):
        url = url_of_the_service(target)
        assert url.user != server.address.user
        assert url.password
        assert str(url.password) not in str(url)
    with pytest.raises(NoConnection):
        Notes(url)


def url_of_the_service(target: Target) -> DatabaseUrl:
    return DatabaseUrl.parse(target.service.settings["database_url"])
