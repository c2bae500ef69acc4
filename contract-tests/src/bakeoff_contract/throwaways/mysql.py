"""A throwaway database on a MySQL or MariaDB server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pymysql
from pymysql.constants import CLIENT, ER

from bakeoff_contract.throwaways.database import NoConnection, Product, Server
from bakeoff_schemas.database_url import DatabaseUrl

# MySQL 9 cannot show `information_schema.processlist`, nor `innodb_trx`, while any session runs a
# statement with a character of four bytes in it (error 3854); MariaDB has that schema switched off.
_TRANSACTIONS = {
    "mysql": (
        "SELECT tx.access_mode, t.processlist_command FROM performance_schema.threads AS t"
        " JOIN performance_schema.events_transactions_current AS tx ON tx.thread_id = t.thread_id"
        " WHERE tx.state = 'ACTIVE' AND t.processlist_db = DATABASE()"
        " AND t.processlist_id <> CONNECTION_ID()"
    ),
    "mariadb": (
        "SELECT tx.trx_state, p.info FROM information_schema.innodb_trx AS tx"
        " JOIN information_schema.processlist AS p ON p.id = tx.trx_mysql_thread_id"
        " WHERE p.db = DATABASE() AND p.id <> CONNECTION_ID()"
    ),
}
# What a session is doing for us, when it is not asleep.
_BUSY = {"Query", "Execute"}


class MysqlDatabase(Server):
    """A database on a MySQL or MariaDB server."""

    def make(self) -> None:
        """Create it with utf8mb4; the migration sets the collation."""
        self._administer(f"CREATE DATABASE {self.url.name} CHARACTER SET utf8mb4")

    def drop(self) -> None:
        """Drop it; the server waits until nobody holds a table."""
        self._administer(f"DROP DATABASE {self.url.name}")

    def product(self) -> Product:
        """Read from the server's greeting."""
        with closing(self.connect()) as connection:
            return _product(connection)

    def open_transactions(self) -> list[str]:
        """Transactions of InnoDB that have not ended."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(_TRANSACTIONS[_product(connection)])
            return [f"{state}: {doing}" for state, doing in cursor.fetchall()]

    def offers_tls(self) -> bool:
        """Read from the server's greeting."""
        with closing(self.connect()) as connection:
            return bool(connection.server_capabilities & CLIENT.SSL)

    @contextmanager
    def books_locked(self) -> Iterator[None]:
        """Lock every row and gap; plain reads take no locks."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("START TRANSACTION")
            cursor.execute("SELECT id FROM books FOR UPDATE")
            yield
            cursor.execute("ROLLBACK")

    @contextmanager
    def books_hidden(self) -> Iterator[None]:
        """Lock the table against reads and writes."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("LOCK TABLES books WRITE")
            yield
            cursor.execute("UNLOCK TABLES")

    @contextmanager
    def books_altered(self) -> Iterator[None]:
        """Add a column."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("ALTER TABLE books ADD COLUMN remark TEXT")
            try:
                yield
            finally:
                cursor.execute("ALTER TABLE books DROP COLUMN remark")

    def connect(self) -> Any:
        """Connect with pymysql."""
        return _connect(self.url)

    def _clients(self) -> dict[int, bool]:
        # The one list of sessions that both servers show whatever is going on in them.
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW PROCESSLIST")
            return {
                number: command in _BUSY
                for number, _user, _host, database, command, *_ in cursor.fetchall()
                if database == self.url.name and number != connection.thread_id()
            }

    def _end(self, cursor: Any, session: int) -> None:
        with _may_be_gone():
            cursor.execute(f"KILL {session}")

    def _administer(self, statement: str) -> None:
        with closing(_connect(self.url.with_name(""))) as connection, connection.cursor() as cursor:
            cursor.execute(statement)


def _product(connection: Any) -> Product:
    return "mariadb" if "MariaDB" in connection.get_server_info() else "mysql"


@contextmanager
def _may_be_gone() -> Iterator[None]:
    try:
        yield
    except pymysql.err.OperationalError as error:
        if error.args[0] != ER.NO_SUCH_THREAD:
            raise


def _connect(url: DatabaseUrl) -> Any:
    """Connect with TLS if the address says so, as the layers do.

    By default pymysql would make a TLS context each time, which takes longer than a query.
    """
    tls = url.tls_context()
    try:
        return pymysql.connect(
            host=url.host,
            port=url.port,
            user=url.user or None,
            password=url.password.encode(),
            database=url.name or None,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=10,
            ssl=tls,
            ssl_disabled=tls is None,
        )
    except pymysql.err.OperationalError as error:
        raise NoConnection(url, error) from None
