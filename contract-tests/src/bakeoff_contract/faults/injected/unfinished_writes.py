"""Whether a service is between a write and its commit."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bakeoff_contract.throwaways.database import Product, Server, Throwaway

# Of this database alone: others may use the server.
_WRITTEN: dict[Product, str] = {
    "postgresql": (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND backend_xid IS NOT NULL"
    ),
    "mysql": (
        "SELECT count(*) FROM information_schema.innodb_trx AS tx"
        " JOIN performance_schema.threads AS t ON t.processlist_id = tx.trx_mysql_thread_id"
        " WHERE tx.trx_rows_modified > 0 AND t.processlist_db = DATABASE()"
    ),
    "mariadb": (
        "SELECT count(*) FROM information_schema.innodb_trx AS tx"
        " JOIN information_schema.processlist AS p ON p.id = tx.trx_mysql_thread_id"
        " WHERE tx.trx_rows_modified > 0 AND p.db = DATABASE()"
    ),
}


def has_unfinished_writes(database: Throwaway) -> bool:
    """Whether a transaction has written and has not ended."""
    if not isinstance(database, Server):
        return _is_locked(database.url.file)
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(_WRITTEN[database.product()])
        (count,) = cursor.fetchone()
        return bool(count)


def _is_locked(file: Path) -> bool:
    """Whether a transaction that writes keeps all others from it, as it does in SQLite."""
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            return True
        connection.execute("ROLLBACK")
    return False
