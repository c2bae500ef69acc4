"""What GINO is told of a driver, and what is asked of its connections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine.url import URL

from bakeoff_schemas.config import LayerConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """How to reach a database with one driver; its functions are given the driver's own connection.

    `options` are for `gino.create_engine`. `is_lost` and `in_transaction` are answered from what
    the driver knows already: nothing is sent. `drop` lets go of the server without a word.
    `abandon` ends what a cancelled task left running. `size` is how many connections a pool has.
    """

    distribution: str
    url: URL
    options: Mapping[str, Any]
    is_lost: Callable[[Any], bool]
    in_transaction: Callable[[Any], bool]
    drop: Callable[[Any], None]
    abandon: Callable[[Any], Awaitable[None]]
    size: Callable[[Any], int]


def choose(config: LayerConfig, driver: str) -> str:
    """The one driver that GINO has for the database.

    :raises ValueError: another one was asked for.
    """
    if config.driver not in (None, driver):
        raise ValueError(f"BAKEOFF_DRIVER must be {driver} for a {config.database().scheme} URL")
    return driver


def address(config: LayerConfig, scheme: str) -> URL:
    """Where GINO connects to; not as text, which would have to be quoted, and shows passwords."""
    url = config.database()
    return URL(
        scheme,
        username=url.user or None,
        password=url.password,
        host=url.host,
        port=url.port,
        database=url.name,
    )
