"""Connects with the patience that the settings allow, and says what to do when that was in vain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TypeVar

from bakeoff.cli import configuration, schema
from bakeoff.cli.exits import Failure
from bakeoff.settings import Settings
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.ports import DataLayer

T = TypeVar("T")


@asynccontextmanager
async def opened(layer: DataLayer, settings: Settings) -> AsyncIterator[None]:
    """The layer connected, and closed at the end.

    :raises Unavailable: the database does not answer.
    """
    # FastAPI takes half a second to import, and only those who connect shall wait for it.
    from bakeoff.app import open_layer

    await open_layer(layer, settings)
    try:
        yield
    finally:
        await layer.close()


@asynccontextmanager
async def ready(
    opening: AbstractAsyncContextManager[object],
    layer: DataLayer,
    settings: Settings,
    *,
    migrating: schema.Migrating,
) -> AsyncIterator[None]:
    """What `opening` opens, above a schema that is up to date.

    :raises Failure: the database does not answer, or its schema is not up to date.
    :raises MigrationError: the schema cannot be brought up to date.
    """

    async def check() -> None:
        checking = asyncio.to_thread(schema.require, settings, migrating=migrating)
        await patiently(checking, settings)

    is_file = settings.database().family == "sqlite"
    async with AsyncExitStack() as stack:
        # A layer that opens a SQLite file makes it; a server may take its time to come up.
        if layer.uses_database and is_file:
            await check()
        await patiently(stack.enter_async_context(opening), settings)
        if layer.uses_database and not is_file:
            await check()
        yield


async def patiently(connecting: Awaitable[T], settings: Settings) -> T:
    """Wait for what connects.

    :raises Failure: the database does not answer.
    """
    began = time.monotonic()
    try:
        return await connecting
    except Unavailable as error:
        raise unreachable(settings, error, seconds=time.monotonic() - began) from error


def unreachable(settings: Settings, error: Unavailable, *, seconds: float) -> Failure:
    """What to tell a person about a database that did not let us in."""
    url = settings.database()
    told = f"no connection to {url}\n{str(error).rstrip('.')}.\n"
    if url.family == "sqlite":
        return Failure(f"{told}Check BAKEOFF_DATABASE_URL: the folder must be there, and writable.")
    attempts = settings.connect_retries + 1
    times = "once" if attempts == 1 else f"{attempts} times, {settings.connect_interval:g} s apart"
    return Failure(
        f"{told}Tried {times}, for {seconds:.1f} s in all.\n"
        "Check that it runs, and what BAKEOFF_DATABASE_URL says: host, port, user, password and "
        "database.\n"
        f"To wait longer: BAKEOFF_CONNECT_RETRIES (now {settings.connect_retries}), "
        f"BAKEOFF_CONNECT_INTERVAL (now {settings.connect_interval:g} s), "
        f"BAKEOFF_CONNECT_TIMEOUT (now {settings.connect_timeout:g} s)."
    )
