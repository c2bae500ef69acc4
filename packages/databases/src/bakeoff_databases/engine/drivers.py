"""What is asked of the connections of a driver, besides what databases asks."""

from __future__ import annotations

from typing import Any, Protocol

from databases.interfaces import ConnectionBackend
from sqlalchemy.engine import Dialect

from bakeoff_schemas.config import LayerConfig


class Driver(Protocol):
    """A backend of databases that knows its pool; `raw` is a connection of the driver itself.

    `is_lost` and `in_transaction` are answered from what the driver knows already: nothing is sent.
    """

    @property
    def dialect(self) -> Dialect:
        """What statements are compiled for."""

    def connection(self) -> ConnectionBackend:
        """A lease, that is not taken yet."""

    def size(self) -> int:
        """How many connections are open, leased or not."""

    def is_lost(self, raw: Any) -> bool:
        """Whether the other end has hung up, or we have."""

    def in_transaction(self, raw: Any) -> bool:
        """Whether a transaction is open."""

    def is_encrypted(self, raw: Any) -> bool:
        """Whether nobody can listen."""

    def hang_up(self, raw: Any) -> None:
        """Close the connection at once, without a word."""

    async def abandon(self, raw: Any) -> None:
        """Make an end of what a cancelled task left running."""


def choose(config: LayerConfig, *drivers: str) -> str:
    """The driver that was asked for, or else the first.

    :raises ValueError: it is none of these.
    """
    chosen = config.driver or drivers[0]
    if chosen not in drivers:
        raise ValueError(
            f"BAKEOFF_DRIVER must be {' or '.join(drivers)} for a {config.database().scheme} URL"
        )
    return chosen
