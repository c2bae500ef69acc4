"""What a driver makes of a connection that was reset, without what an adapter put around it."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import suppress
from typing import Any

import pymysql.err
import uvloop

from bakeoff_contract.layer_suite.database import TIMEOUT, a_moment
from bakeoff_contract.wire import Wire
from bakeoff_schemas.database_url import DatabaseUrl


async def runtime_errors_after_a_reset(
    connection: type[Any], server: DatabaseUrl
) -> list[RuntimeError]:
    """The RuntimeErrors of a driver's class of connections on uvloop, for a query and for closing.

    The class is one of PyMySQL's family. An error of the connection is no RuntimeError.
    """
    bare = type(
        "Bare",
        (connection,),
        {
            "_write_bytes": inspect.unwrap(connection._write_bytes),
            "ensure_closed": inspect.unwrap(connection.ensure_closed),
        },
    )

    def run() -> list[RuntimeError]:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_met(bare, server))

    return await asyncio.to_thread(run)


async def _met(connection: type[Any], server: DatabaseUrl) -> list[RuntimeError]:
    met: list[RuntimeError] = []
    with Wire(server.host, server.port) as wire:
        one = connection(
            host="127.0.0.1", port=wire.port, user=server.user, password=server.latin1_password
        )
        await one._connect()
        try:
            wire.reset()
            await a_moment()
            for step in (lambda: one.query("DO 0"), one.ensure_closed):
                try:
                    with suppress(OSError, pymysql.err.Error):
                        async with asyncio.timeout(TIMEOUT):
                            await step()
                except RuntimeError as error:
                    met.append(error)
        finally:
            one.close()
    return met
