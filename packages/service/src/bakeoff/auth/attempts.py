"""Bounds how often somebody may try to log in."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from limits import RateLimitItem, parse_many
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from bakeoff.auth.refusals import TooManyAttempts

log = logging.getLogger("bakeoff.auth")

# Behind one address there may be a whole office.
_USERS_AT_AN_ADDRESS = 10


def parse_limits(written: str) -> list[RateLimitItem]:
    """The limits of a setting such as `10 per 5 minutes`, several with `;` between them.

    :raises ValueError: not of this form, or no attempt at all would be allowed.
    """
    try:
        limits = parse_many(written)
    except ValueError:
        limits = []
    if not limits or any(limit.amount < 1 for limit in limits):
        raise ValueError("must look like 10 per 5 minutes")
    return limits


class Attempts:
    """Counts before a password is looked at, so that attempts at the same moment count too.

    Nobody can lock a customer out from elsewhere: what is counted is one address trying one user,
    and one address trying whomever.
    """

    def __init__(self, storage: Storage, *, limits: list[RateLimitItem]) -> None:
        """`limits` are those of one user at one address."""
        self._limiter = FixedWindowRateLimiter(storage)
        self._one_user = [type(limit)(limit.amount, limit.multiples, "log-in") for limit in limits]
        self._address = [
            type(limit)(limit.amount * _USERS_AT_AN_ADDRESS, limit.multiples, "log-ins")
            for limit in limits
        ]

    async def count(self, username: str, address: str) -> None:
        """Count one attempt; while the storage is away none is refused.

        :raises TooManyAttempts: there were too many.
        """
        network = _network(address)
        with _storage_may_be_away():
            for limit in self._address:
                await self._hit(limit, network)
            for limit in self._one_user:
                await self._hit(limit, network, _digest(username))

    async def forget(self, username: str, address: str) -> None:
        """Begin to count anew for a user who has logged in."""
        with _storage_may_be_away():
            for limit in self._one_user:
                await self._limiter.clear(limit, _network(address), _digest(username))

    async def _hit(self, limit: RateLimitItem, *who: str) -> None:
        if not await self._limiter.hit(limit, *who):
            window = await self._limiter.get_window_stats(limit, *who)
            raise TooManyAttempts(max(1, math.ceil(window.reset_time - time.time())))


@contextmanager
def _storage_may_be_away() -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        # Not its text, which may name addresses.
        log.warning("attempts to log in are not counted: %s", type(error.storage_error).__name__)


def _network(address: str) -> str:
    """The address, or of IPv6 the network: one customer of a provider has 2**64 addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        # A client on a Unix socket has none.
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.IPv6Network((parsed.packed, 64), strict=False))
    return str(parsed)


def _digest(username: str) -> str:
    """Stands for the user in the storage, where a name could be read and could be long."""
    return hashlib.sha256(username.encode()).hexdigest()
