"""What the administrator of a server can do to a layer: plant errors, limit and refuse its user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

from bakeoff_contract.throwaway import Server
from bakeoff_schemas.database_url import DatabaseUrl, Family

# Not ASCII: PyMySQL and its descendants encode a password as Latin-1 (PyMySQL#804).
PASSWORD = "pässwort-€"

# An author's name that begins so fails with the code that follows.
PLANTED = "planted "
_TRIGGER = {
    "postgresql": (
        f"""
        CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.name LIKE '{PLANTED}%' THEN
                RAISE EXCEPTION 'secret' USING ERRCODE = substr(NEW.name, {len(PLANTED) + 1});
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER planted BEFORE INSERT ON authors FOR EACH ROW EXECUTE FUNCTION planted()
        """
    ),
    "mysql": (
        f"""
        CREATE TRIGGER planted BEFORE INSERT ON authors FOR EACH ROW BEGIN
            IF NEW.name LIKE '{PLANTED}%' THEN
                SET @code = CAST(SUBSTR(NEW.name, {len(PLANTED) + 1}) AS UNSIGNED);
                SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = @code, MESSAGE_TEXT = 'secret';
            END IF;
        END
        """
    ),
}
_NO_TRIGGER = {"postgresql": "DROP FUNCTION planted CASCADE", "mysql": "DROP TRIGGER planted"}
# {user} is quoted already; PASSWORD has no quotes in it.
_LIMITED_USER = {
    "postgresql": (
        f"CREATE ROLE {{user}} LOGIN PASSWORD '{PASSWORD}'",
        "GRANT CONNECT ON DATABASE {database} TO {user}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {user}",
    ),
    "mysql": (
        f"CREATE USER {{user}} IDENTIFIED BY '{PASSWORD}'",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO {user}",
    ),
}
_NO_LIMITED_USER = {
    "postgresql": ("DROP OWNED BY {user}", "DROP ROLE {user}"),
    "mysql": ("DROP USER {user}",),
}
# How a server refuses a log-in, and how it takes that back.
_REFUSALS: dict[Family, dict[str, tuple[Sequence[str], Sequence[str]]]] = {
    "sqlite": {},
    "postgresql": {
        "the role may not log in": (["ALTER ROLE {user} NOLOGIN"], ["ALTER ROLE {user} LOGIN"]),
        "the role may not connect to the database": (
            [
                "REVOKE CONNECT ON DATABASE {database} FROM PUBLIC",
                "REVOKE CONNECT ON DATABASE {database} FROM {user}",
            ],
            ["GRANT CONNECT ON DATABASE {database} TO PUBLIC"],
        ),
        "the database accepts no connections": (
            ["UPDATE pg_database SET datallowconn = false WHERE datname = '{database}'"],
            ["UPDATE pg_database SET datallowconn = true WHERE datname = '{database}'"],
        ),
    },
    "mysql": {
        "the account is locked": (
            ["ALTER USER {user} ACCOUNT LOCK"],
            ["ALTER USER {user} ACCOUNT UNLOCK"],
        ),
        "the password has expired": (
            ["ALTER USER {user} PASSWORD EXPIRE"],
            [f"ALTER USER {{user}} IDENTIFIED BY '{PASSWORD}'"],
        ),
        "the password is another": (
            ["ALTER USER {user} IDENTIFIED BY 'another'"],
            [f"ALTER USER {{user}} IDENTIFIED BY '{PASSWORD}'"],
        ),
    },
}


def refusals(family: Family) -> Sequence[str]:
    """The ways in which this kind of server refuses a log-in."""
    return [*_REFUSALS[family]]


@contextmanager
def failing_inserts(server: Server) -> Iterator[None]:
    """An INSERT of an author called `PLANTED` and a code fails with that code."""
    _run(server, [_TRIGGER[server.url.family]])
    try:
        yield
    finally:
        _run(server, [_NO_TRIGGER[server.url.family]])


@contextmanager
def limited_user(server: Server) -> Iterator[DatabaseUrl]:
    """A user with the rights that docs/operating.md names, and no others."""
    name = server.url.name.replace("bakeoff_test_", "bakeoff_user_")
    _run(server, _LIMITED_USER[server.url.family], user=name, database=server.url.name)
    try:
        yield replace(server.url, user=name, password=PASSWORD)
    finally:
        _run(server, _NO_LIMITED_USER[server.url.family], user=name)


@contextmanager
def refused(server: Server, user: DatabaseUrl, how: str) -> Iterator[None]:
    """End all sessions, and refuse this user for a while."""
    refuse, admit = _REFUSALS[server.url.family][how]
    names = {"user": user.user, "database": server.url.name}
    server.end(server.sessions())
    # One connection for all of it, because the database may accept no other.
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        for statement in refuse:
            cursor.execute(statement.format(**names))
        try:
            yield
        finally:
            for statement in admit:
                cursor.execute(statement.format(**names))


def _run(server: Server, statements: Sequence[str], **names: str) -> None:
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(**names) if names else statement)
