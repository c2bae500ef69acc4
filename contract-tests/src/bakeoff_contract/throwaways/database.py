"""What the harness does with a throwaway database."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, closing
from typing import Any, Literal

from bakeoff_schemas.database_url import DatabaseUrl

Product = Literal["sqlite", "postgresql", "mysql", "mariadb"]

_TIMEOUT = 10.0


class NoConnection(Exception):
    """The server cannot be reached, or refuses; the message has no password.

    The driver's error is not its cause: a report of pytest would show what the driver was given.
    """

    def __init__(self, url: DatabaseUrl, error: Exception) -> None:
        super().__init__(f"{url}: {str(error).strip()}")


class Throwaway(ABC):
    """One throwaway database."""

    def __init__(self, url: DatabaseUrl) -> None:
        """`url` names the database itself, which need not exist yet."""
        self.url = url

    @abstractmethod
    def make(self) -> None:
        """Create it, empty."""

    @abstractmethod
    def drop(self) -> None:
        """Remove it, even if somebody is still connected."""

    @abstractmethod
    def product(self) -> Product:
        """The product, as the server names it: MariaDB has the URL of MySQL."""

    @abstractmethod
    def open_transactions(self) -> list[str]:
        """Open transactions, as the server reports them."""

    @abstractmethod
    def books_locked(self) -> AbstractContextManager[None]:
        """Block writes to books meanwhile; reads pass."""

    @abstractmethod
    def books_altered(self) -> AbstractContextManager[None]:
        """Change the table as a migration does, and change it back at the end.

        All that a layer knows of the columns stays true, except perhaps what it has prepared.
        """


class Server(Throwaway):
    """A database on a server, with a transaction for each connection."""

    @abstractmethod
    def connect(self) -> Any:
        """A connection of the sync driver, in autocommit mode."""

    @abstractmethod
    def _clients(self) -> dict[int, bool]:
        """The other sessions of this database, and whether each runs a statement."""

    @abstractmethod
    def offers_tls(self) -> bool:
        """Whether the server supports TLS."""

    @abstractmethod
    def books_hidden(self) -> AbstractContextManager[None]:
        """Block reads of books meanwhile."""

    @abstractmethod
    def _end(self, cursor: Any, session: int) -> None:
        """End one session, which may have ended by itself."""

    def sessions(self) -> set[int]:
        """The server's numbers of the other sessions of this database."""
        return {*self._clients()}

    def running(self) -> set[int]:
        """The sessions that run a statement."""
        return {session for session, busy in self._clients().items() if busy}

    def end(self, sessions: Collection[int]) -> None:
        """End sessions, as a restart of the server does, and wait until they are gone."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            for session in sessions:
                self._end(cursor, session)
        deadline = time.monotonic() + _TIMEOUT
        while left := self.sessions().intersection(sessions):
            assert time.monotonic() < deadline, f"the sessions {left} do not end"
            time.sleep(0.01)

    def cross(self, first: int, second: int, *, meanwhile: Callable[[], None]) -> None:
        """Lock a book and, after `meanwhile`, the one before: a deadlock with the opposite order.

        The other transaction has done less, so it loses.
        """
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("UPDATE books SET stock = stock + 1 WHERE id >= %s", (second,))
            meanwhile()
            cursor.execute("SELECT id FROM books WHERE id = %s FOR UPDATE", (first,))
            cursor.execute("ROLLBACK")
