"""The async part of a command: its event loop, its signals, its database."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing
from typing import Any, Literal, TypeVar

from bakeoff.cli import console
from bakeoff.cli.console import Failure
from bakeoff.settings import Settings
from bakeoff_schemas import migrate
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.ports import DataLayer

T = TypeVar("T")
Opening = AbstractAsyncContextManager[object]

Migrating = Literal["nothing", "empty files", "everything"]
"""Which databases a command may migrate; an empty SQLite file holds nothing that could be lost."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run it on uvloop where there is one."""
    factory = None
    if sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)


@contextlib.contextmanager
def on_signals(act: Callable[[int], None]) -> Iterator[None]:
    """Call `act` for SIGINT, SIGTERM and SIGHUP within this block."""
    if sys.platform == "win32":
        # No event loop there handles signals; Ctrl-C cancels the main task.
        yield
        return
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        loop.add_signal_handler(number, act, number)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def opened(
    layer: DataLayer,
    settings: Settings,
    *,
    migrating: Migrating | None = None,
    opening: Opening | None = None,
) -> AsyncIterator[None]:
    """The layer connected, above a schema that is up to date; without `migrating`, above any.

    `opening` opens and closes the layer; by default that is all that happens.

    :raises Failure: the database does not answer, or its schema is not up to date.
    :raises MigrationError: the schema cannot be brought up to date.
    """
    if migrating and layer.uses_database:
        histories = histories_of(settings)
        # The sync drivers say most exactly why a server refuses a connection.
        await connected(
            settings,
            lambda: require_schema(settings.database(), histories, migrating=migrating),
        )
    async with AsyncExitStack() as stack:
        began = time.monotonic()
        try:
            await stack.enter_async_context(opening or _layer(layer, settings))
        except Unavailable as error:
            raise _no_connection(settings, error, seconds=time.monotonic() - began) from error
        yield


@asynccontextmanager
async def _layer(layer: DataLayer, settings: Settings) -> AsyncIterator[None]:
    # FastAPI takes half a second to import; only commands that connect wait for it.
    from bakeoff.app import open_layer

    await open_layer(layer, settings)
    try:
        yield
    finally:
        await layer.close()


async def connected(settings: Settings, work: Callable[[], T]) -> T:
    """Run blocking work on the database, again while a server does not answer.

    :raises Failure: it did not answer in any attempt, or refused the login.
    """
    retries = 0 if settings.database().family == "sqlite" else settings.connect_retries
    began = time.monotonic()
    for retries_left in range(retries, -1, -1):
        try:
            return await asyncio.to_thread(work)
        except Unavailable as error:
            if not retries_left or isinstance(error, migrate.LoginRefused):
                seconds = time.monotonic() - began
                raise _no_connection(settings, error, seconds=seconds) from error
            console.remark(f"the database does not answer yet: {error}")
            await asyncio.sleep(settings.connect_interval)
    raise AssertionError("the last attempt returns or raises")


def _no_connection(settings: Settings, error: Unavailable, *, seconds: float) -> Failure:
    url = settings.database()
    message = f"no connection to {url}\n{str(error).rstrip('.')}.\n"
    if isinstance(error, migrate.LoginRefused):
        return Failure(f"{message}The URL is that of BAKEOFF_DATABASE_URL or --database.")
    if url.family == "sqlite":
        message += "Check BAKEOFF_DATABASE_URL: the folder must exist and be writable."
        return Failure(message)
    attempts = settings.connect_retries + 1
    times = "once" if attempts == 1 else f"{attempts} times, {settings.connect_interval:g} s apart"
    return Failure(
        f"{message}Tried {times}, for {seconds:.1f} s in all.\n"
        "Check that the server runs, and BAKEOFF_DATABASE_URL: host, port, user, password and "
        "database.\n"
        f"To wait longer: BAKEOFF_CONNECT_RETRIES (now {settings.connect_retries}), "
        f"BAKEOFF_CONNECT_INTERVAL (now {settings.connect_interval:g} s), "
        f"BAKEOFF_CONNECT_TIMEOUT (now {url.connect_timeout:g} s)."
    )


def histories_of(settings: Settings) -> list[migrate.History]:
    """What there is to migrate: the bookstore, and then the modules.

    :raises UnknownModule: a chosen module is not installed.
    :raises BrokenModule: a chosen module cannot be used as it is.
    """
    if not settings.modules:
        return [migrate.BOOKSTORE]
    # A module imports FastAPI, for which no command waits without one.
    from bakeoff.modules import loading

    return loading.histories(settings.modules)


def require_schema(
    url: DatabaseUrl, histories: Sequence[migrate.History], *, migrating: Migrating
) -> None:
    """Check the schema, and bring it up to date if it may be.

    :raises Failure: it is not up to date.
    :raises MigrationError: it cannot be brought up to date.
    :raises Unavailable: the database does not answer.
    """
    empty = migrating == "empty files" and url.family == "sqlite" and _is_empty(url)
    for history in histories:
        revision, newest = migrate.known(url, history=history), migrate.head(history=history)
        if revision == newest:
            continue
        place = f"{url}{part(history)}"
        if not empty and migrating != "everything":
            raise Failure(
                f"the database {place} {at(revision)}, and this release needs the schema {newest}."
                "\nTo bring it up to date: bakeoff migrate (or --migrate with bakeoff serve and "
                "load)."
            )
        migrate.upgrade(url, history=history)
        console.remark(f"migrated {place} to the schema {newest}")


def part(history: migrate.History) -> str:
    """Whose tables are meant, after the name of a database; nothing for the bookstore's."""
    return "" if history is migrate.BOOKSTORE else f", module {history.name},"


def at(revision: str | None) -> str:
    """A revision in words."""
    return "has no schema yet" if revision is None else f"is at the schema {revision}"


def _is_empty(url: DatabaseUrl) -> bool:
    """Whether a SQLite file does not exist, or has no table."""
    if not url.file.exists():
        return True
    try:
        with closing(sqlite3.connect(f"{url.file.resolve().as_uri()}?mode=ro", uri=True)) as file:
            return bool(file.execute("SELECT count(*) = 0 FROM sqlite_master").fetchone()[0])
    except sqlite3.Error as error:
        raise Unavailable(f"{url.location}: {error}") from error
