"""A log-in in the clear, which drivers of PyMySQL's family make where they were told to encrypt.

A server of MySQL says in its greeting, which is not encrypted, whether it offers TLS. aiomysql
believes it. Where it is not offered, or somebody on the way has taken that out of the greeting, it
goes on in the clear: it tells the user, the database and what it makes of the password, and the
password itself if it is asked for `mysql_clear_password`.
"""

from __future__ import annotations

import functools
from typing import Any

_STEP = "_request_authentication"
# The capability of a server that offers TLS.
_CLIENT_SSL = 1 << 11


def insist(connection: type[Any]) -> None:
    """Have the driver's class of connections end before the log-in where TLS was to be, and is not.

    To say so again changes nothing. The error is the driver's own for one that cannot be made.
    """
    log_in = getattr(connection, _STEP)
    if hasattr(log_in, "__wrapped__"):
        return

    @functools.wraps(log_in)
    async def encrypted(self: Any) -> Any:
        if self._ssl_context is not None and not self.server_capabilities & _CLIENT_SSL:
            raise ConnectionError("SSL was asked for, and the server does not offer it")
        return await log_in(self)

    setattr(connection, _STEP, encrypted)
