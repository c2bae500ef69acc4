"""A network that takes away the offer of encryption, and reads what is said after that."""

from __future__ import annotations

import asyncio
import inspect
import ssl
import struct
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Self

from bakeoff_contract.layer_suite.database import TIMEOUT
from bakeoff_schemas.database_url import DatabaseUrl

_CHUNK = 65536
# What a client of PostgreSQL asks first, and the answer of a server that does not encrypt.
_SSL_REQUEST, _NO = struct.pack("!ii", 8, 80877103), b"N"
# A capability in the greeting of MySQL.
_CLIENT_SSL = 1 << 11


class NoTlsOffered:
    """Somebody between a client and the server, in the loop of the test; the client uses `port`.

    `sent` is what clients have said, `heard` is set as soon as they have said something, and
    `connections` counts them.
    """

    def __init__(self, server: DatabaseUrl) -> None:
        """`server` is where the database is."""
        self._database = server
        self._tasks: set[asyncio.Task[None]] = set()
        self.sent = b""
        self.heard = asyncio.Event()
        self.connections = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._begin(self._carry(reader, writer))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        others, out = await asyncio.open_connection(self._database.host, self._database.port)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                if self._database.family == "postgresql":
                    await self._refuse(reader, writer, out)
                else:
                    writer.write(_without_tls(await _packet(others)))
                self._begin(_pass_on(others, writer))
                while data := await reader.read(_CHUNK):
                    self.sent += data
                    self.heard.set()
                    out.write(data)
        finally:
            writer.close()
            out.close()

    async def _refuse(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        out: asyncio.StreamWriter,
    ) -> None:
        first = await reader.readexactly(len(_SSL_REQUEST))
        if first == _SSL_REQUEST:
            writer.write(_NO)
        else:
            self.sent += first
            out.write(first)


async def said_in_the_clear(connection: type[Any], server: DatabaseUrl) -> bytes:
    """What a driver's class of connections says itself, told to encrypt, where nobody offers to.

    It is one of PyMySQL's family, and taken without what an adapter may have put around its log-in.
    """
    log_in = inspect.unwrap(connection._request_authentication)
    bare = type("Bare", (connection,), {"_request_authentication": log_in})
    async with NoTlsOffered(server) as network:
        one = bare(
            host="127.0.0.1",
            port=network.port,
            user=server.user,
            password=server.latin1_password,
            ssl=ssl.create_default_context(),
        )
        connecting = asyncio.create_task(one._connect())
        hearing = asyncio.create_task(network.heard.wait())
        # What it says may make the server wait for the TLS that it has offered.
        await asyncio.wait(
            {connecting, hearing}, timeout=TIMEOUT, return_when=asyncio.FIRST_COMPLETED
        )
        for task in (connecting, hearing):
            task.cancel()
        await asyncio.gather(connecting, hearing, return_exceptions=True)
        one.close()
        return network.sent


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
        writer.close()


async def _packet(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(4)
    return head + await reader.readexactly(int.from_bytes(head[:3], "little"))


def _without_tls(greeting: bytes) -> bytes:
    """The capabilities follow the version, which ends with a zero, a number, and eight bytes."""
    place = greeting.index(b"\0", 5) + 1 + 4 + 8 + 1
    (capabilities,) = struct.unpack_from("<H", greeting, place)
    return greeting[:place] + struct.pack("<H", capabilities & ~_CLIENT_SSL) + greeting[place + 2 :]
