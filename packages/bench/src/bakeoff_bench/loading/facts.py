"""Product, version and settings of a database, as far as they affect speed."""

from __future__ import annotations

import sqlite3
from typing import Any

from bakeoff_bench.loading.databases import Session, connected
from bakeoff_schemas.database_url import DatabaseUrl

_POSTGRESQL = (
    "shared_buffers", "effective_cache_size", "work_mem", "fsync", "synchronous_commit",
    "full_page_writes", "wal_level", "wal_buffers", "max_wal_size", "max_connections",
    "max_parallel_workers_per_gather", "jit", "random_page_cost", "autovacuum", "data_checksums",
    "server_encoding", "TimeZone", "ssl", "default_transaction_isolation",
)  # fmt: skip
_MYSQL = (
    "innodb_buffer_pool_size", "innodb_flush_log_at_trx_commit", "innodb_flush_method",
    "innodb_doublewrite", "innodb_log_file_size", "innodb_redo_log_capacity", "innodb_page_size",
    "innodb_autoinc_lock_mode", "sync_binlog", "log_bin", "binlog_format", "max_connections",
    "thread_handling", "query_cache_type", "performance_schema", "tls_version", "sql_mode",
    "character_set_server", "collation_server", "time_zone", "transaction_isolation",
)  # fmt: skip
# Only compile options that affect speed.
_SQLITE = (
    "DEFAULT_AUTOVACUUM", "DEFAULT_CACHE_SIZE", "DEFAULT_JOURNAL_SIZE_LIMIT", "DEFAULT_MMAP_SIZE",
    "DEFAULT_PAGE_SIZE", "DEFAULT_SYNCHRONOUS", "DEFAULT_WAL_AUTOCHECKPOINT",
    "DEFAULT_WAL_SYNCHRONOUS", "DEFAULT_WORKER_THREADS", "ENABLE_STAT4", "MUTEX_PTHREADS",
    "TEMP_STORE", "THREADSAFE", "USE_URI",
)  # fmt: skip


def facts(address: DatabaseUrl) -> dict[str, Any]:
    """Product, version and settings of a server; of the library, where it is SQLite."""
    if address.family == "sqlite":
        return _sqlite()
    with connected(address.with_name("")) as server:
        return _postgresql(server) if address.family == "postgresql" else _mysql(server)


def _sqlite() -> dict[str, Any]:
    connection = sqlite3.connect(":memory:")
    try:
        options = [option for (option,) in connection.execute("PRAGMA compile_options")]
    finally:
        connection.close()
    parts = (option.partition("=") for option in options)
    settings = {name: value or "on" for name, _, value in parts if name in _SQLITE}
    return {"product": "SQLite", "version": sqlite3.sqlite_version, "settings": settings}


def _postgresql(server: Session) -> dict[str, Any]:
    ((version,),) = server.rows("SHOW server_version")
    rows = server.rows(
        "SELECT name, current_setting(name) FROM pg_settings"
        f" WHERE name IN ({', '.join(['%s'] * len(_POSTGRESQL))}) ORDER BY name",
        *_POSTGRESQL,
    )
    return {"product": "PostgreSQL", "version": version.partition(" ")[0], "settings": dict(rows)}


def _mysql(server: Session) -> dict[str, Any]:
    ((version,),) = server.rows("SELECT VERSION()")
    names = ", ".join(f"'{name}'" for name in _MYSQL)
    rows = server.rows(f"SHOW GLOBAL VARIABLES WHERE variable_name IN ({names})")
    return {
        "product": "MariaDB" if "MariaDB" in version else "MySQL",
        "version": version.partition("-")[0],
        "settings": dict(sorted(rows)),
    }
