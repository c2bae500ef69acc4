"""What the harness can do with any database that it has made."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, closing
from typing import Any, Literal

from bakeoff_schemas.database_url import DatabaseUrl

Product = Literal["sqlite", "postgresql", "mysql", "mariadb"]

_TIMEOUT = 10.0


class Throwaway(ABC):
    """One database of our own."""

    def __init__(self, url: DatabaseUrl) -> None:
        """`url` names the database itself, which need not exist yet."""
        self.url = url

    @abstractmethod
    def make(self) -> None:
        """Create it, empty."""

    @abstractmethod
    def drop(self) -> None:
        """Remove it, whoever may still be connected."""

    @abstractmethod
    def product(self) -> Product:
        """What it is, asked of itself: MariaDB is reached by the URL of MySQL."""

    @abstractmethod
    def open_transactions(self) -> list[str]:
        """What the server itself says of transactions that nobody has ended."""

    @abstractmethod
    def books_locked(self) -> AbstractContextManager[None]:
        """Nobody else can write a book meanwhile; everybody can read."""

    @abstractmethod
    def books_altered(self) -> AbstractContextManager[None]:
        """A migration has changed the table meanwhile, and takes it back at the end.

        All that a layer knows of the columns stays true, except perhaps what it has prepared.
        """


class Server(Throwaway):
    """A database on a server, with a transaction for each connection."""

    @abstractmethod
    def connect(self) -> Any:
        """A connection of its driver, which commits every statement by itself."""

    @abstractmethod
    def _clients(self) -> dict[int, bool]:
        """Who is connected to this database but us, and whether they have a statement running."""

    @abstractmethod
    def offers_tls(self) -> bool:
        """Whether the server encrypts a connection when it is asked to."""

    @abstractmethod
    def books_hidden(self) -> AbstractContextManager[None]:
        """Nobody else can even read a book meanwhile."""

    @abstractmethod
    def _end(self, cursor: Any, session: int) -> None:
        """Break off one session, which may have gone by itself."""

    def sessions(self) -> set[int]:
        """Who is connected to this database, by the server's own numbers, but for us."""
        return {*self._clients()}

    def running(self) -> set[int]:
        """Those of the sessions that have a statement running."""
        return {session for session, busy in self._clients().items() if busy}

    def end(self, sessions: Collection[int]) -> None:
        """Break them off, as a server does that restarts, and wait until they have gone."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            for session in sessions:
                self._end(cursor, session)
        deadline = time.monotonic() + _TIMEOUT
        while left := self.sessions().intersection(sessions):
            assert time.monotonic() < deadline, f"the sessions {left} do not end"
            time.sleep(0.01)

    def cross(self, first: int, second: int, *, meanwhile: Callable[[], None]) -> None:
        """Lock a book and, after `meanwhile`, one before it: a deadlock with whoever does the same.

        The others have done less, so that it is they who lose.
        """
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("UPDATE books SET stock = stock + 1 WHERE id >= %s", (second,))
            meanwhile()
            cursor.execute("SELECT id FROM books WHERE id = %s FOR UPDATE", (first,))
            cursor.execute("ROLLBACK")
