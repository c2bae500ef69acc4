"""The programs that tests start servers of their own with."""

from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff_servers import programs


def test_a_mysql_that_was_fetched_is_named_with_the_loader_that_it_needs(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BAKEOFF_TEST_MYSQL_PROGRAM", raising=False)
    assert programs() == {}
    libraries = cache / "mysql-software" / "usr" / "lib" / "a-machine"
    libraries.mkdir(parents=True)
    for name in ("libc.so.6", "ld-linux-a-machine.so.2"):
        (libraries / name).touch()
    mysqld = cache / "mysql-software" / "usr" / "sbin" / "mysqld"
    loader = f"{libraries}/ld-linux-a-machine.so.2 --library-path {libraries}"
    assert programs() == {"BAKEOFF_TEST_MYSQL_PROGRAM": f"{loader} {mysqld}"}


def test_a_program_that_a_person_has_chosen_is_left_to_them(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cache / "mysql-software").mkdir()
    monkeypatch.setenv("BAKEOFF_TEST_MYSQL_PROGRAM", "/opt/mysql/bin/mysqld")
    assert programs() == {}
