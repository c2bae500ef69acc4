"""The conditions that every layer is timed under, and what a layer's connections are set to.

`python -m bakeoff_bench.fairness_connections BACKEND` runs in the backend's own environment, on the
prepared database that BAKEOFF_DATABASE_URL names.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, closing, contextmanager
from importlib import import_module
from typing import Any

from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.ports import DataLayer

POOL = 10
SERVER_DEFAULT = "the server's own"
"""The value of a setting that the layers leave alone."""
SAME = "the same for all"
"""The value of a setting that depends on the version of the server."""

_POOLED = {
    "connections when opened": str(POOL), "most connections": str(POOL),
    "one more has to wait": "yes", "reads autocommit": "yes", "transactions of a writer": "1",
}  # fmt: skip
_SERVER = {**_POOLED, "host": "TCP", "TLS": "no", "isolation of writes": "read committed"}
_MYSQL = {
    "driver": "aiomysql", **_SERVER, "reads stay prepared": "no", "autocommit": "ON",
    "character_set_client": "utf8mb4", "character_set_results": "utf8mb4",
    "collation_connection": SAME, "innodb_lock_wait_timeout": "30", "sql_mode": SAME,
    "time_zone": "+00:00", "foreign_key_checks": SERVER_DEFAULT,
    "lock_wait_timeout": SERVER_DEFAULT, "sql_auto_is_null": SERVER_DEFAULT,
    "unique_checks": SERVER_DEFAULT, "wait_timeout": SERVER_DEFAULT,
}  # fmt: skip
CONDITIONS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {
        "driver": "aiosqlite", **_POOLED, "lock to write": "taken by BEGIN",
        "statements cached by a connection": "512", "PRAGMA journal_mode": "wal",
        "PRAGMA synchronous": "2", "PRAGMA cache_size": "-2000", "PRAGMA foreign_keys": "1",
        "PRAGMA busy_timeout": "5000", "PRAGMA temp_store": "0", "PRAGMA mmap_size": "0",
        "PRAGMA wal_autocheckpoint": "1000", "PRAGMA locking_mode": "normal",
        "PRAGMA read_uncommitted": "0", "PRAGMA page_size": "4096",
    },
    "postgresql": {
        "driver": "asyncpg", **_SERVER, "reads stay prepared": "yes", "DateStyle": SERVER_DEFAULT,
        "TimeZone": "UTC", "client_encoding": "UTF8",
        "default_transaction_isolation": "read committed",
        "default_transaction_read_only": SERVER_DEFAULT,
        "idle_in_transaction_session_timeout": SERVER_DEFAULT, "jit": SERVER_DEFAULT,
        "lock_timeout": SERVER_DEFAULT, "plan_cache_mode": SERVER_DEFAULT,
        "search_path": SERVER_DEFAULT, "statement_timeout": "30000",
        "synchronous_commit": SERVER_DEFAULT, "work_mem": SERVER_DEFAULT,
    },
    "mysql": {**_MYSQL, "max_execution_time": "30000"},
    "mariadb": {**_MYSQL, "max_statement_time": "30.000000"},
}  # fmt: skip


async def conditions(backend: str, url: DatabaseUrl) -> dict[str, Any]:
    """Open the layer as the bench does; then read, wait and write, and ask its connections."""
    from bakeoff.backends import make_layer

    driver = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "mysql": "aiomysql"}[url.family]
    connection_type = import_module(driver).Connection
    config = LayerConfig(url=url, pool_min=POOL, pool_max=POOL, pool_timeout=0.2)
    # All layers use the same driver on a database: its connections are recorded as it makes them.
    with _calls(connection_type, "__init__") as made, _calls(sqlite3, "connect") as connects:
        layer = make_layer(backend, config)
        await layer.open()
        try:
            database = (await layer.describe()).database
            facts = {"driver": driver, "connections when opened": str(layer.connections().size)}
            async with AsyncExitStack() as stack:
                for _ in range(POOL):
                    store = await stack.enter_async_context(layer.reading())
                    for _ in range(2):
                        await store.books.get(1)
                there = [one for (one, *_), _ in made if _state(one, url) != "closed"]
                reading = {_state(one, url) for one in there}
                facts |= {
                    "most connections": str(layer.connections().size),
                    "one more has to wait": _yes(await _has_to_wait(layer)),
                    "reads autocommit": _yes(reading == {"idle"}),
                }
                answers = [await _settings(one, database) for one in there]
            for name in answers[0]:
                facts[name] = " or ".join(sorted({answer[name] for answer in answers}))
            if database == "sqlite":
                cached = {str(options.get("cached_statements", 128)) for _, options in connects}
                facts["statements cached by a connection"] = " or ".join(sorted(cached))
            async with layer.writing() as store:
                await store.books.get(1)
                begun = [one for (one, *_), _ in made if _state(one, url) == "in transaction"]
                facts["transactions of a writer"] = str(len(begun))
                facts |= await _transaction(begun[0], url)
        finally:
            await layer.close()
    return {"database": database, "facts": facts}


@contextmanager
def _calls(owner: Any, name: str) -> Iterator[list[tuple[tuple[Any, ...], dict[str, Any]]]]:
    """Record the arguments of every call of a function."""
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    original = getattr(owner, name)

    def recording(*arguments: Any, **options: Any) -> Any:
        calls.append((arguments, options))
        return original(*arguments, **options)

    setattr(owner, name, recording)
    try:
        yield calls
    finally:
        setattr(owner, name, original)


def _state(connection: Any, url: DatabaseUrl) -> str:
    """`closed`, `idle` or `in transaction`."""
    if url.family == "sqlite":
        try:
            begun = connection.in_transaction
        except ValueError:  # "no active connection"
            return "closed"
    elif url.family == "postgresql":
        begun = None if connection.is_closed() else connection.is_in_transaction()
    else:
        begun = None if connection.closed else connection.get_transaction_status()
    return "closed" if begun is None else "in transaction" if begun else "idle"


async def _has_to_wait(layer: DataLayer) -> bool:
    try:
        async with layer.reading():
            return False
    except Unavailable:
        return True


async def _settings(connection: Any, database: str) -> dict[str, str]:
    """The settings of one connection that are among the conditions."""
    names = [*CONDITIONS[database]]
    if database == "sqlite":
        pragmas = [name for name in names if name.startswith("PRAGMA")]
        rows = [await connection.execute_fetchall(name) for name in pragmas]
        return {name: str(value) for name, ((value,),) in zip(pragmas, rows, strict=True)}
    if database == "postgresql":
        rows = await connection.fetch(
            # asyncpg turns `jit` off while it looks up types, and then back to what it was.
            "SELECT name, CASE WHEN source = 'client' OR setting <> reset_val THEN setting"
            " ELSE $2 END FROM pg_settings WHERE name = ANY($1)",
            names,
            SERVER_DEFAULT,
        )
        encrypted, local, prepared = await connection.fetchrow(
            "SELECT (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()),"
            " inet_client_addr() IS NULL, (SELECT count(*) FROM pg_prepared_statements"
            " WHERE statement LIKE '%books%' AND statement NOT LIKE '%pg_prepared_statements%')"
        )
        facts = dict(map(tuple, rows))
    else:
        facts = await _show(connection, "SESSION VARIABLES", *names)
        server = await _show(connection, "GLOBAL VARIABLES", *names)
        status = await _show(connection, "SESSION STATUS", "Ssl_cipher", "Com_stmt_prepare")
        for name, value in facts.items():
            # Some variables have no global value.
            is_untouched = CONDITIONS[database][name] == SERVER_DEFAULT
            if is_untouched and server.get(name, value) == value:
                facts[name] = SERVER_DEFAULT
        encrypted, prepared = status["Ssl_cipher"], int(status["Com_stmt_prepare"])
        local = "UNIX" in connection.get_host_info()
    host = "Unix socket" if local else "TCP"
    return {"host": host, "TLS": _yes(encrypted), "reads stay prepared": _yes(prepared), **facts}


async def _transaction(connection: Any, url: DatabaseUrl) -> dict[str, str]:
    """What holds in a transaction that has only read so far."""
    if url.family == "sqlite":
        with closing(sqlite3.connect(url.name, timeout=0, isolation_level=None)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return {"lock to write": "taken by BEGIN"}
        return {"lock to write": "taken by the first change"}
    if url.family == "postgresql":
        return {"isolation of writes": await connection.fetchval("SHOW transaction_isolation")}
    # MariaDB before 11.1 has only the first, MySQL from 8 on only the second.
    names = ("tx_isolation", "transaction_isolation")
    (level,) = (await _show(connection, "SESSION VARIABLES", *names)).values()
    return {"isolation of writes": level.replace("-", " ").lower()}


async def _show(connection: Any, what: str, *names: str) -> dict[str, str]:
    quoted = ", ".join(f"'{name}'" for name in names)
    async with connection.cursor() as cursor:
        await cursor.execute(f"SHOW {what} WHERE variable_name IN ({quoted})")
        return dict(await cursor.fetchall())


def _yes(value: object) -> str:
    return "yes" if value else "no"


if __name__ == "__main__":
    address = DatabaseUrl.parse(os.environ["BAKEOFF_DATABASE_URL"])
    json.dump(asyncio.run(conditions(sys.argv[1], address)), sys.stdout)
