"""What a driver is told, and what is asked of its connections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL

from bakeoff_schemas.config import LayerConfig


def _no_settings(_: Any) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """How to reach a database with one driver; its functions are given the driver's own connection.

    `settings` are the statements that every new connection runs; `begin` opens a transaction where
    the dialect does not do it by itself. `is_lost` and `in_transaction` are answered from what the
    driver knows already: nothing is sent. `abandon` ends what a cancelled task left running on a
    connection that is closed next.
    """

    distribution: str
    url: URL
    connect_args: Mapping[str, Any]
    settings: Callable[[Any], Sequence[str]] = _no_settings
    writing: Mapping[str, Any] = field(default_factory=dict)
    begin: str | None = None
    is_lost: Callable[[Any], bool]
    in_transaction: Callable[[Any], bool]
    abandon: Callable[[Any], Awaitable[None]] | None = None


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
