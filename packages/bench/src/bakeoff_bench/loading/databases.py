"""Databases of the bench, over synchronous drivers: what the port does not offer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bakeoff_bench.errors import BenchError
from bakeoff_schemas.database_url import DatabaseUrl, Family

_TIMEOUT = 10
_DIALECTS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}
_CREATE = {
    # In Unicode, whatever the template of the server has.
    "postgresql": "CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0",
    "mysql": "CREATE DATABASE {} CHARACTER SET utf8mb4",
}
_DROP = {"postgresql": "DROP DATABASE {} WITH (FORCE)", "mysql": "DROP DATABASE {}"}
_EXISTS = {
    "postgresql": "SELECT count(*) FROM pg_database WHERE datname = %s",
    "mysql": "SELECT count(*) FROM information_schema.schemata WHERE schema_name = %s",
}


class Session:
    """A connection on which every statement is a transaction; `%s` is the placeholder."""

    def __init__(self, connection: Any, family: Family) -> None:
        self.family = family
        self._connection = connection

    def run(self, statement: str, *values: object) -> int:
        """Run a statement; answers how many rows it changed."""
        changed: int = self._execute(statement, values).rowcount
        return changed

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._execute(query, values)]

    def number(self, query: str, *values: object) -> int:
        """The one number of a query."""
        ((number,),) = self.rows(query, *values)
        return int(number)

    def tables(self) -> list[str]:
        names: list[str] = sa.inspect(self._connection).get_table_names()
        return names

    def _execute(self, statement: str, values: tuple[object, ...]) -> Any:
        if self.family == "sqlite":
            statement = statement.replace("%s", "?")
        return self._connection.exec_driver_sql(statement, values)


@contextmanager
def connected(url: DatabaseUrl) -> Iterator[Session]:
    """A session with a database, or with a server where the address names none."""
    name = url.name or ("postgres" if url.family == "postgresql" else None)
    # SQLAlchemy does not decode the name of a database.
    address = sa.make_url(url.render(_DIALECTS[url.family])).set(database=name)
    options: dict[str, Any] = {"timeout" if url.family == "sqlite" else "connect_timeout": _TIMEOUT}
    if url.family == "mysql":
        # As bytes: pymysql encodes text to Latin-1.
        options["password"] = url.password.encode()
    engine = sa.create_engine(
        address,
        connect_args=options,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
    )
    try:
        with engine.connect() as connection:
            session = Session(connection, url.family)
            if url.family == "sqlite":
                session.run("PRAGMA foreign_keys = ON")
            yield session
    except DBAPIError as error:
        # The drivers' messages name the host and the user, and never the password.
        raise BenchError(f"{url.location}: {' '.join(str(error.orig).split())}") from error


def exists(url: DatabaseUrl) -> bool:
    if url.family == "sqlite":
        return url.file.is_file()
    with connected(url.with_name("")) as server:
        return bool(server.number(_EXISTS[url.family], url.name))


def create(url: DatabaseUrl) -> None:
    """Make it, empty."""
    if url.family == "sqlite":
        try:
            url.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BenchError(f"{url.file.parent} cannot be made: {error.strerror}") from error
        return
    with connected(url.with_name("")) as server:
        server.run(_CREATE[url.family].format(url.name))


def drop(url: DatabaseUrl) -> None:
    """Remove it, even if others are connected."""
    if url.family == "sqlite":
        for file in url.file.parent.glob(f"{url.file.name}*"):
            file.unlink()
        return
    with connected(url.with_name("")) as server:
        server.run(_DROP[url.family].format(url.name))
