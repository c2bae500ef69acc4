"""A server of a run's own: it runs, ends and stands still, and nothing is left of it."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from plain_notes import Notes

from bakeoff_contract.faults.fault import Target
from bakeoff_contract.faults.servers import (
    NoSoftware,
    PrivateServer,
    ServerFailed,
    private_server,
)
from bakeoff_contract.faults.servers.software import program_of, variable
from bakeoff_contract.throwaways.database import NoConnection


def test_a_server_of_ones_own_runs_as_often_as_wanted_and_leaves_nothing(
    server: PrivateServer,
) -> None:
    with private_server(server.product) as other:
        assert other.port != server.port
        assert other.pids
        assert not {*other.pids} & {*server.pids}
        assert other.memory_kib > 1024
        assert other.folder.exists()
        with closing(other.connect()):
            pass
        other.pause()
    assert other.pids == []
    assert not other.folder.exists()
    with pytest.raises(NoConnection):
        other.connect()


@pytest.mark.parametrize("ending", ["orderly", "crash"])
def test_what_was_committed_is_there_after_a_server_has_ended(
    server: PrivateServer, target: Target, notes: Notes, ending: str
) -> None:
    notes.add()
    server.stop("orderly" if ending == "orderly" else "crash")
    assert notes.is_dead()
    assert server.pids == []
    with pytest.raises(NoConnection):
        Notes(target.database.url)
    server.start()
    with Notes(target.database.url) as new:
        assert new.count() == 1


def test_a_server_that_is_not_installed_is_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(variable("mysql"), raising=False)
    with pytest.raises(NoSoftware, match=r"a MySQL server is not installed.*BAKEOFF_TEST_MYSQL_"):
        program_of("mysql", [Path("/nowhere/mysqld")])
    monkeypatch.setenv(variable("mysql"), "/lib/ld.so --library-path '/some where' /usr/mysqld")
    words = ["/lib/ld.so", "--library-path", "/some where", "/usr/mysqld"]
    assert program_of("mysql", [Path("/nowhere/mysqld")]) == words


def test_a_server_that_cannot_be_made_says_why_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "mysqld"
    program.write_text("#!/bin/sh\necho 'no such planet' >&2; exit 3\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv(variable("mysql"), str(program))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ServerFailed, match="no such planet"), private_server("mysql"):
        pass
    assert [*tmp_path.iterdir()] == [program]
