"""Makes, finds and drops databases of the bench."""

from __future__ import annotations

from bakeoff_bench.errors import BenchError
from bakeoff_bench.loading.session import Session, connected
from bakeoff_schemas.database_url import DatabaseUrl

_CREATE = {
    # In Unicode, whatever the server's template has.
    "postgresql": "CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0",
    "mysql": "CREATE DATABASE {} CHARACTER SET utf8mb4",
}
_DROP = {"postgresql": "DROP DATABASE {} WITH (FORCE)", "mysql": "DROP DATABASE {}"}
_EXISTS = {
    "postgresql": "SELECT count(*) FROM pg_database WHERE datname = %s",
    "mysql": "SELECT count(*) FROM information_schema.schemata WHERE schema_name = %s",
}
_TABLES = {
    "sqlite": "SELECT count(*) FROM sqlite_master",
    "postgresql": "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
    "mysql": "SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE()",
}


def exists(url: DatabaseUrl) -> bool:
    """Whether the database is there.

    :raises BenchError: the server cannot be reached.
    """
    if url.family == "sqlite":
        return url.file.is_file()
    with connected(url.with_name("")) as server:
        return bool(server.number(_EXISTS[url.family], url.name))


def create(url: DatabaseUrl) -> None:
    """Make it, empty.

    :raises BenchError: it cannot be made.
    """
    if url.family == "sqlite":
        try:
            url.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BenchError(f"{url.file.parent} cannot be made: {error.strerror}") from error
        return
    with connected(url.with_name("")) as server:
        server.run(_CREATE[url.family].format(url.name))


def drop(url: DatabaseUrl) -> None:
    """Remove it, whoever may be connected.

    :raises BenchError: it cannot be removed.
    """
    if url.family == "sqlite":
        for file in url.file.parent.glob(f"{url.file.name}*"):
            file.unlink()
        return
    with connected(url.with_name("")) as server:
        server.run(_DROP[url.family].format(url.name))


def is_empty(session: Session) -> bool:
    """Whether there is no table."""
    return not session.number(_TABLES[session.family])
