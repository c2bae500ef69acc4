"""Writing to a connection that was reset, which aiomysql does not know as an error of a connection.

A transport of asyncio drops what is written after a reset, and the read that follows raises the
reset. A transport of uvloop raises a RuntimeError at once, which aiomysql lets through. asyncmy
makes an error of the connection of it, as is done here.
"""

from __future__ import annotations

import functools
from typing import Any


def raise_as_resets(connection: type[Any]) -> None:
    """Have the driver's class of connections raise a ConnectionResetError instead.

    A RuntimeError while the transport is open stays what it is. A closed transport is sent no
    farewell. To say so again changes nothing.
    """
    write, close = connection._write_bytes, connection.ensure_closed
    if hasattr(write, "__wrapped__"):
        return

    @functools.wraps(write)
    def write_or_reset(self: Any, data: bytes) -> Any:
        try:
            return write(self, data)
        except RuntimeError as error:
            if not self._writer.transport.is_closing():
                raise
            raise ConnectionResetError("the connection was reset before this was sent") from error

    @functools.wraps(close)
    async def close_either_way(self: Any) -> None:
        if self._writer is not None and self._writer.transport.is_closing():
            self.close()
        else:
            await close(self)

    connection._write_bytes = write_or_reset
    connection.ensure_closed = close_either_way
