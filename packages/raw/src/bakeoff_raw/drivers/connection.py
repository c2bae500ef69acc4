"""What a connection can do, whichever driver is behind it."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Sequence
from typing import Any, ClassVar, TypeVar

from bakeoff_raw.errors import NATIVE, Disconnected, translate
from bakeoff_raw.sql.bulk import Bulk
from bakeoff_raw.sql.statement import Statement
from bakeoff_schemas.database_url import Family
from bakeoff_schemas.errors import Unavailable

T = TypeVar("T")
Row = Sequence[Any]

log = logging.getLogger("bakeoff.sql")


class Connection(ABC):
    """One session with the database, used by one task at a time.

    Errors of the driver come out translated. `interrupted` says that a task was cancelled while it
    waited for an answer, which may therefore still be on its way; `lost` that it has turned out to
    be of no use.
    """

    family: ClassVar[Family]

    def __init__(self, *, place: str, echo: bool) -> None:
        """`place` is what messages call the database; `echo` logs every statement."""
        self.interrupted = False
        self.lost = False
        self._failed = False
        self._place = place
        self._echo = echo

    @abstractmethod
    async def fetch_all(self, statement: Statement, /, **parameters: Any) -> Sequence[Row]:
        """The rows of a statement; of the last one, if there are several."""

    @abstractmethod
    async def fetch_one(self, statement: Statement, /, **parameters: Any) -> Row | None:
        """The first row of a statement, or None."""

    @abstractmethod
    async def execute(self, statement: Statement, /, **parameters: Any) -> int:
        """Run a statement; answers how many rows it matched."""

    @abstractmethod
    async def insert_many(self, bulk: Bulk, rows: Sequence[Row]) -> list[int]:
        """Insert the rows; answers their ids in the same order, if the table has ids."""

    @abstractmethod
    async def server_version(self) -> str:
        """What the server calls itself."""

    async def begin(self) -> None:
        """Open a transaction."""
        self._failed = False
        await self._answer(self._begin())

    async def commit(self) -> None:
        """Close the transaction for good.

        PostgreSQL answers the COMMIT of a failed transaction with a rollback and no error, while
        MySQL would keep what came before the failure: neither is what the caller has been promised.

        :raises Unavailable: a statement failed, so there is nothing to commit; or the commit did.
        """
        if self._failed or self.interrupted:
            raise Unavailable("a statement of this transaction failed, so it was rolled back")
        await self._answer(self._commit())

    @abstractmethod
    async def settle(self) -> None:
        """Come to rest after whatever happened: no statement running, no transaction open.

        What cannot be brought to rest is dropped. Never raises an error of the database.
        """

    @abstractmethod
    async def close(self) -> None:
        """Say goodbye to the server."""

    @abstractmethod
    def drop(self) -> None:
        """Let go of the server without a word."""

    @property
    @abstractmethod
    def usable(self) -> bool:
        """Whether it can be used, as far as can be told without asking the server."""

    @property
    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    @abstractmethod
    async def _begin(self) -> object: ...

    @abstractmethod
    async def _commit(self) -> object: ...

    async def _answer(self, operation: Awaitable[T]) -> T:
        """Wait for the driver, and remember how it went."""
        try:
            return await operation
        except NATIVE as error:
            raise self._understood(error) from None
        except BaseException:
            self.interrupted = True
            raise

    def _understood(self, error: Exception) -> Exception:
        """What a driver's error means; remembered, for nothing can be committed after one."""
        self._failed = True
        translated = translate(error, place=self._place)
        self.lost = self.lost or isinstance(translated, Disconnected)
        return translated

    def _log(self, text: str) -> None:
        """Parameters are not logged: they are other people's data."""
        log.info("%s", " ".join(text.split()))
