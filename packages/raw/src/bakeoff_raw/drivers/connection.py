"""What a connection can do, whichever driver is behind it."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Sequence
from typing import Any, ClassVar, TypeVar

from bakeoff_raw.errors import NATIVE, translate
from bakeoff_raw.sql.bulk import Bulk
from bakeoff_raw.sql.statement import Statement
from bakeoff_schemas.database_errors import transaction_lost
from bakeoff_schemas.database_url import Family
from bakeoff_schemas.errors import ConnectionLost

T = TypeVar("T")
Row = Sequence[Any]

log = logging.getLogger("bakeoff.sql")


class Connection(ABC):
    """One session with the database, used by one task at a time; errors come out translated.

    `interrupted`: a task was cancelled while it waited for an answer, which may still be on its
    way. `lost`: the connection is of no further use.
    """

    family: ClassVar[Family]

    def __init__(self, *, location: str, echo: bool) -> None:
        """`location` is what messages call the database; `echo` logs every statement."""
        self.interrupted = False
        self.lost = False
        self._failed = False
        self._location = location
        self._echo = echo

    @abstractmethod
    async def fetch_all(self, statement: Statement, /, **parameters: Any) -> Sequence[Row]:
        """The rows of a statement; of the last one, if there are several."""

    @abstractmethod
    async def fetch_one(self, statement: Statement, /, **parameters: Any) -> Row | None:
        """The first row of a statement, or None."""

    @abstractmethod
    async def execute(self, statement: Statement, /, **parameters: Any) -> int:
        """Run a statement; returns how many rows it matched."""

    @abstractmethod
    async def insert_many(self, bulk: Bulk, rows: Sequence[Row]) -> list[int]:
        """Insert the rows; returns their ids in the same order, if the table has ids."""

    @abstractmethod
    async def server_version(self) -> str: ...

    async def begin(self) -> None:
        self._failed = False
        await self._answer(self._begin())

    async def commit(self) -> None:
        """Commit, unless a statement of this transaction failed.

        PostgreSQL answers the COMMIT of a failed transaction with a rollback and no error; MySQL
        commits what came before the failure.

        :raises Unavailable: there was nothing to commit, or the commit failed.
        """
        if self._failed or self.interrupted:
            raise transaction_lost(self._location)
        await self._answer(self._commit())

    @abstractmethod
    async def reset(self) -> None:
        """Bring it to rest: no statement running, no transaction open; discard it if that fails.

        Never raises an error of the database.
        """

    @abstractmethod
    async def close(self) -> None:
        """Close it politely."""

    @abstractmethod
    def discard(self) -> None:
        """Drop the socket without a goodbye."""

    @abstractmethod
    async def kill_remote(self) -> None:
        """End what a cancelled task left running."""

    @property
    @abstractmethod
    def is_alive(self) -> bool:
        """Whether it is usable, as far as can be seen without a round trip."""

    @property
    @abstractmethod
    def in_transaction(self) -> bool: ...

    @abstractmethod
    async def _begin(self) -> object: ...

    @abstractmethod
    async def _commit(self) -> object: ...

    async def _answer(self, operation: Awaitable[T]) -> T:
        """Wait for the driver, and remember how it went."""
        try:
            return await operation
        except NATIVE as error:
            raise self._translated(error) from None
        except BaseException:
            self.interrupted = True
            raise

    def _translated(self, error: Exception) -> Exception:
        """The contract's error if there is one; either way nothing can be committed any more."""
        self._failed = True
        translated = translate(error, location=self._location)
        self.lost = self.lost or isinstance(translated, ConnectionLost)
        return translated or error

    def _log(self, text: str) -> None:
        """Parameters are not logged: they are other people's data."""
        log.info("%s", " ".join(text.split()))
