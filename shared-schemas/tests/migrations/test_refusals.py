"""What a person is told where a migration cannot be, and what nobody is told."""

from __future__ import annotations

import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bakeoff_schemas import migrate
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.migrations import locks

SECRET = "s3cr3t/p@ss:w%rd?#é€"

servers_only = pytest.mark.families("postgresql", "mysql", "mariadb")


def _assert_kept_secret(error: BaseException) -> None:
    said = "".join(traceback.format_exception(error)) + repr(error)
    assert SECRET not in said
    assert quote(SECRET, safe="") not in said


@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "mariadb"])
@pytest.mark.parametrize("step", [migrate.upgrade, migrate.downgrade, migrate.current])
def test_a_server_that_is_not_there_is_named_without_the_password(
    step: Callable[[str], Any], scheme: str, unused_port: int
) -> None:
    with pytest.raises(Unavailable, match=rf"127\.0\.0\.1:{unused_port}/shop") as refused:
        step(f"{scheme}://clerk:{quote(SECRET, safe='')}@127.0.0.1:{unused_port}/shop")
    _assert_kept_secret(refused.value)


@servers_only
def test_a_database_that_is_not_there_is_named_without_the_password(empty: Any) -> None:
    address = replace(empty.address, name="bakeoff_nowhere", password=SECRET)
    with pytest.raises(Unavailable, match=f"{address.port}/bakeoff_nowhere") as refused:
        migrate.upgrade(address.render())
    _assert_kept_secret(refused.value)


@servers_only
def test_a_user_and_a_password_of_any_characters_get_in(
    empty: Any, clerk: Callable[[Any, str], str]
) -> None:
    address = replace(empty.address, user=clerk(empty, SECRET), password=SECRET)
    migrate.upgrade(address.render())
    assert migrate.is_current(address.render())


@pytest.mark.families("mysql", "mariadb")
def test_a_wrong_password_is_not_repeated(empty: Any, clerk: Callable[[Any, str], str]) -> None:
    address = replace(empty.address, user=clerk(empty, "another"), password=SECRET)
    with pytest.raises(Unavailable, match="Access denied") as refused:
        migrate.upgrade(address.render())
    _assert_kept_secret(refused.value)


@pytest.mark.parametrize(
    "url", ["postgresql://u:s3cr3t@h", "mysql://u:s3cr3t@h/", "oracle://u:s3cr3t@h/x", "shop.db"]
)
@pytest.mark.parametrize("step", [migrate.upgrade, migrate.downgrade, migrate.current, migrate.sql])
def test_an_address_that_names_no_database_is_refused(step: Callable[[str], Any], url: str) -> None:
    with pytest.raises(ValueError, match="database URL") as refused:
        step(url)
    assert "s3cr3t" not in "".join(traceback.format_exception(refused.value))


def test_tables_of_another_application_are_left_alone(empty: Any) -> None:
    empty.run("CREATE TABLE orders (note VARCHAR(10))", "INSERT INTO orders VALUES ('kept')")
    with pytest.raises(migrate.MigrationError, match="tables orders exist already"):
        migrate.upgrade(empty.url)
    assert empty.run("SELECT note FROM orders") == [("kept",)]
    assert empty.tables() <= {"orders", "alembic_version"}
    assert migrate.current(empty.url) is None


@pytest.mark.parametrize(
    ("before", "statement", "named"),
    [
        (
            "0001_bookstore",
            "ALTER TABLE users ADD is_admin INTEGER",
            "the column users.is_admin",
        ),
        (
            "0001_bookstore",
            "CREATE TABLE refresh_tokens (digest INTEGER)",
            "the table refresh_tokens",
        ),
        ("0002_logins", "CREATE TABLE outbox (id INTEGER)", "the table outbox"),
    ],
)
def test_what_an_interrupted_migration_left_is_named(
    empty: Any, before: str, statement: str, named: str
) -> None:
    migrate.upgrade(empty.url, revision=before)
    empty.run(statement)
    with pytest.raises(migrate.MigrationError, match=f"there is already {named}, although"):
        migrate.upgrade(empty.url)
    assert migrate.current(empty.url) == before


def test_a_statement_that_fails_is_told_in_the_words_of_the_database(empty: Any) -> None:
    migrate.upgrade(empty.url)
    empty.run("DROP TABLE outbox")
    with pytest.raises(migrate.MigrationError, match=r"refused a statement: .*outbox"):
        migrate.downgrade(empty.url)
    assert migrate.is_current(empty.url)


def test_a_database_of_a_newer_release_is_left_alone(empty: Any) -> None:
    migrate.upgrade(empty.url)
    empty.run("UPDATE alembic_version SET version_num = '9999_later'")
    for step in (migrate.upgrade, migrate.downgrade):
        with pytest.raises(migrate.NewerSchema, match=r"9999_later, which is newer") as refused:
            step(empty.url)
        assert "pip install --upgrade bakeoff" in str(refused.value)
        assert f"back to {migrate.head()}" in str(refused.value)
        assert "bakeoff migrate" not in str(refused.value)
    with pytest.raises(migrate.NewerSchema):
        migrate.known(empty.url)
    assert migrate.current(empty.url) == "9999_later"
    assert not migrate.is_current(empty.url)


def test_two_revisions_in_the_version_table_are_named(empty: Any) -> None:
    migrate.upgrade(empty.url)
    empty.run("INSERT INTO alembic_version VALUES ('0000_other')")
    for step in (migrate.current, migrate.upgrade, migrate.downgrade):
        with pytest.raises(migrate.MigrationError, match=r"0000_other, 0003_outbox, and must"):
            step(empty.url)


# Of each family: what an administrator does, and what the user reads then.
LOCKED_OUT = {
    "postgresql": [
        ('ALTER ROLE "{user}" NOLOGIN', "ALTER ROLE user LOGIN"),
        ("ALTER DATABASE {name} ALLOW_CONNECTIONS false", "ALLOW_CONNECTIONS true"),
        ("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC", "GRANT CONNECT ON DATABASE"),
    ],
    "mysql": [
        ("ALTER USER '{user}'@'%' ACCOUNT LOCK", "ACCOUNT UNLOCK"),
        ("ALTER USER '{user}'@'%' PASSWORD EXPIRE", "IDENTIFIED BY"),
        ("REVOKE ALL ON {name}.* FROM '{user}'@'%'", "GRANT"),
        ("ALTER USER '{user}'@'%' IDENTIFIED BY 'another'", "check user and password"),
    ],
}
LOCKED_OUT["mariadb"] = LOCKED_OUT["mysql"]


@servers_only
@pytest.mark.parametrize("measure", range(4))
def test_a_refused_login_comes_with_what_to_change(
    empty: Any, clerk: Callable[[Any, str], str], measure: int
) -> None:
    measures = LOCKED_OUT[empty.family]
    statement, remedy = measures[measure % len(measures)]
    address = replace(empty.address, user=clerk(empty, SECRET), password=SECRET)
    administrator = replace(empty, address=empty.address.with_name(""))
    if empty.family == "postgresql":
        # An owner may always connect, unless nobody may.
        administrator.run(f"ALTER DATABASE {address.name} OWNER TO CURRENT_USER")
    administrator.run(statement.format(user=address.user, name=address.name))
    try:
        for step in (migrate.current, migrate.upgrade):
            with pytest.raises(migrate.LoginRefused, match="refused the login") as refused:
                step(address)
            assert remedy in str(refused.value)
            _assert_kept_secret(refused.value)
    finally:
        if empty.family == "postgresql":
            administrator.run(f"ALTER DATABASE {address.name} ALLOW_CONNECTIONS true")


@servers_only
def test_a_unix_socket_is_used_where_the_url_names_it(empty: Any, tmp_path: Path) -> None:
    sockets = {"postgresql": f".s.PGSQL.{empty.address.port}"}
    path = tmp_path / sockets.get(empty.family, "mysql.sock")
    folder_or_socket = tmp_path if empty.family == "postgresql" else path
    address = replace(empty.address, host="", unix_socket=str(folder_or_socket))
    with relayed(path, to=empty.address):
        migrate.upgrade(address.render())
    assert migrate.is_current(empty.url)


@contextmanager
def relayed(path: Path, *, to: DatabaseUrl) -> Iterator[None]:
    """A Unix socket that leads to a server, which may run in a container."""

    def pump(source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        near, _ = listening.accept()
        with near, socket.create_connection((to.host, to.port)) as far, ThreadPoolExecutor() as two:
            two.submit(pump, near, far)
            two.submit(pump, far, near)

    with socket.socket(socket.AF_UNIX) as listening, ThreadPoolExecutor() as threads:
        listening.bind(str(path))
        listening.listen()
        threads.submit(accept)
        yield


def test_a_revision_that_does_not_exist_is_named(empty: Any) -> None:
    for step in (migrate.upgrade, migrate.downgrade):
        with pytest.raises(migrate.MigrationError, match="0042_nothing"):
            step(empty.url, revision="0042_nothing")


HOLD = {
    "sqlite": ("BEGIN IMMEDIATE",),
    "postgresql": ("BEGIN", f"SELECT pg_advisory_xact_lock({locks.ADVISORY_LOCK})"),
    "mysql": (f"SELECT GET_LOCK({locks.MYSQL_LOCK}, 0)",),
    "mariadb": (f"SELECT GET_LOCK({locks.MYSQL_LOCK}, 0)",),
}


def test_another_migration_that_does_not_end_is_not_waited_for_for_ever(
    empty: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "LOCK_TIMEOUT", 1)
    with closing(empty.connect()) as connection, closing(connection.cursor()) as cursor:
        for statement in HOLD[empty.family]:
            cursor.execute(statement)
        for step in (migrate.upgrade, migrate.downgrade):
            with pytest.raises(Unavailable, match=r"busy for 1 seconds.*another migration"):
                step(empty.url)
    migrate.upgrade(empty.url)
    assert migrate.is_current(empty.url)


@pytest.mark.families("mysql", "mariadb")
def test_the_server_is_what_it_says_whatever_the_url_calls_it(empty: Any) -> None:
    for scheme in ("mysql", "mariadb"):
        migrate.upgrade(empty.address.render(scheme))
        [(collation,)] = empty.run(
            "SELECT table_collation FROM information_schema.tables "
            "WHERE table_schema = database() AND table_name = 'tags'"
        )
        assert collation == f"utf8mb4_{'0900' if empty.family == 'mysql' else 'nopad'}_bin"
        migrate.downgrade(empty.url)


@pytest.mark.families("postgresql")
def test_an_encoding_without_every_character_is_refused(new_database: Callable[..., Any]) -> None:
    bytes_only = new_database("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    with pytest.raises(migrate.MigrationError, match=r"encoding SQL_ASCII.*ENCODING 'UTF8'"):
        migrate.upgrade(bytes_only.url)
    assert bytes_only.tables() == set()


@pytest.mark.families("sqlite")
def test_a_file_that_is_no_database_is_left_alone(empty: Any) -> None:
    text = "not a database, but long enough to have a header " * 20
    empty.address.file.write_text(text)
    for step in (migrate.upgrade, migrate.downgrade, migrate.current):
        with pytest.raises(migrate.MigrationError, match="file is not a database"):
            step(empty.url)
    assert empty.address.file.read_text() == text


@pytest.mark.families("sqlite")
def test_a_folder_that_is_not_there_is_named(family: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"nowhere/shop\.db cannot be reached: unable to open"):
        migrate.upgrade(f"sqlite:///{tmp_path}/nowhere/shop.db")


@pytest.mark.parametrize(
    ("module", "url"),
    [
        ("alembic", "sqlite:///shop.db"),
        ("sqlalchemy", "sqlite:///shop.db"),
        ("psycopg2", "postgresql://h/shop"),
        ("pymysql", "mysql://h/shop"),
        ("cryptography", "mariadb://h/shop"),
    ],
)
def test_a_library_that_is_missing_is_named_with_the_command_that_installs_it(
    module: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(migrate.MigrationsNotInstalled) as refused:
        migrate.upgrade(url)
    assert module in str(refused.value)
    assert 'pip install "bakeoff-schemas[migrations]"' in str(refused.value)


def test_nothing_is_imported_before_it_is_needed() -> None:
    libraries = {"sqlalchemy", "alembic", "psycopg2", "pymysql", "cryptography"}
    program = f"import sys, bakeoff_schemas.migrate; print({libraries} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert answer.stdout == b"set()\n"


WAITING = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event = 'advisory'",
    # Its other list of sessions fails while any statement holds a character of four bytes.
    "mysql": "SELECT concat('KILL ', processlist_id) FROM performance_schema.threads "
    "WHERE processlist_db = database() AND processlist_state = 'User lock'",
    "mariadb": "SELECT concat('KILL ', id) FROM information_schema.processlist "
    "WHERE db = database() AND state = 'User lock'",
}


@servers_only
def test_a_server_that_goes_away_is_told_as_such(empty: Any) -> None:
    with (
        ThreadPoolExecutor() as threads,
        closing(empty.connect()) as connection,
        closing(connection.cursor()) as cursor,
    ):
        for statement in HOLD[empty.family]:
            cursor.execute(statement)
        migration = threads.submit(migrate.upgrade, empty.url)
        while not (waiting := empty.run(WAITING[empty.family])):
            assert not migration.done()
        if empty.family != "postgresql":
            empty.run(*waiting[0])
        with pytest.raises(Unavailable, match=f"{empty.address.location} went away"):
            migration.result(timeout=30)
    migrate.upgrade(empty.url)
    assert migrate.is_current(empty.url)
