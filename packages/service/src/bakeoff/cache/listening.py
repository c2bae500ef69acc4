"""Whether a server has ended, as far as its address can tell."""

from __future__ import annotations

import asyncio
import errno
import socket

# `localhost` has an IPv6 address even where there is no IPv6.
_NOT_ON_THIS_MACHINE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


async def is_refused(host: str, port: int, *, seconds: float) -> bool:
    """Whether every address of the host refuses the port: nobody listens there.

    A server that does not answer in time, or a host that is not found, may be alive: False.
    """
    loop = asyncio.get_running_loop()
    refused = False
    try:
        async with asyncio.timeout(seconds):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            for family, kind, protocol, _, address in found:
                try:
                    with socket.socket(family, kind, protocol) as attempt:
                        attempt.setblocking(False)
                        await loop.sock_connect(attempt, address)
                except ConnectionRefusedError:
                    refused = True
                except OSError as error:
                    if error.errno not in _NOT_ON_THIS_MACHINE:
                        return False
                else:
                    return False
    except (OSError, UnicodeError):
        return False
    return refused
