"""How GINO reaches a database, and what its engine needs to know of a driver's connections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine.url import URL

from bakeoff_schemas.config import LayerConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """How to reach a database with one driver; its functions take the driver's own connection.

    `options` are for `gino.create_engine`. `is_alive` and `in_transaction` need no round trip.
    `discard` drops the socket without a goodbye. `kill_remote` ends what a cancelled task left
    running. `size` is the number of connections in a pool.
    """

    distribution: str
    url: URL
    options: Mapping[str, Any]
    is_alive: Callable[[Any], bool]
    in_transaction: Callable[[Any], bool]
    discard: Callable[[Any], None]
    kill_remote: Callable[[Any], Awaitable[None]]
    size: Callable[[Any], int]


def choose(config: LayerConfig, driver: str) -> str:
    """The one driver that GINO has for the database.

    :raises ValueError: another one was asked for.
    """
    if config.driver not in (None, driver):
        raise ValueError(f"BAKEOFF_DRIVER must be {driver} for a {config.database().scheme} URL")
    return driver


def address(config: LayerConfig, scheme: str) -> URL:
    """The URL for GINO; as an object it needs no quoting."""
    url = config.database()
    return URL(
        scheme,
        username=url.user or None,
        password=url.latin1_password if url.family == "mysql" else url.password,
        # asyncpg takes the folder of a socket as a host; aiomysql has an option of its own.
        host=url.host or url.unix_socket,
        port=url.port,
        database=url.name,
    )
