"""Counts requests against the limits, and lets them pass while nothing can be counted."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from limits import RateLimitItem, parse_many
from limits.aio.storage import Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from prometheus_client import Counter

from bakeoff.limits.clients import Kind
from bakeoff.metrics import Metrics

log = logging.getLogger("bakeoff")

# How long a storage that failed is left alone, and how often that is logged, in seconds.
_PAUSE, _SILENCE = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class Policy:
    """One limit on one kind of client."""

    kind: Kind
    rate: RateLimitItem

    @property
    def name(self) -> str:
        """`address-60` for a limit by the minute: no two have the same time."""
        return f"{self.kind}-{self.rate.get_expiry()}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a policy, and in how many seconds there will be more."""

    policy: Policy
    remaining: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a client stands, and which policy refuses its request, if any."""

    standings: list[Standing]
    refused: Standing | None


class Limiter:
    """Holds every client to the same limits.

    The window slides: whoever has sent all of it just before the minute cannot send it again just
    after. Two counters for each client are enough for that.
    """

    def __init__(self, rates: str, storage: Storage, metrics: Metrics) -> None:
        """`rates` is the setting, such as `10 per second; 1000 per hour`."""
        shortest_first = sorted(parse_many(rates), key=RateLimitItem.get_expiry)
        kinds: tuple[Kind, ...] = ("address", "token")
        # The address first: a token that was made up for one request takes no room once the
        # address has used up its limit.
        self.policies = [Policy(kind, rate) for kind in kinds for rate in shortest_first]
        self._counters = SlidingWindowCounterRateLimiter(storage)
        self._uncounted = Counter(
            "bakeoff_rate_limit_failures",
            "Requests that passed because the storage of the limits did not answer.",
            registry=metrics.registry,
        )
        self._asked_again_at = self._logged_again_at = -math.inf

    async def take(self, clients: Mapping[Kind, str]) -> Verdict | None:
        """Count a request of these clients; None if that is not possible at the moment.

        A request that one policy refuses is not counted by the policies after it.
        """
        if time.monotonic() < self._asked_again_at:
            self._uncounted.inc()
            return None
        try:
            return await self._take(clients)
        except StorageError as error:
            self._leave_alone(error.storage_error)
            return None
        except RuntimeError as error:
            # uvloop's, where a connection to Redis was reset (`redis_errors.py`).
            self._leave_alone(error)
            return None

    async def _take(self, clients: Mapping[Kind, str]) -> Verdict:
        asked: list[Policy] = []
        passed = True
        for policy in self.policies:
            if passed and policy.kind in clients:
                asked.append(policy)
                client = clients[policy.kind]
                passed = await self._counters.hit(policy.rate, policy.kind, client)
        standings = await asyncio.gather(
            *(self._standing(policy, clients[policy.kind]) for policy in asked)
        )
        return Verdict(standings, None if passed else standings[-1])

    async def _standing(self, policy: Policy, client: str) -> Standing:
        window = await self._counters.get_window_stats(policy.rate, policy.kind, client)
        seconds = math.ceil(window.reset_time - time.time())
        return Standing(policy, window.remaining, max(0, seconds))

    def _leave_alone(self, error: Exception) -> None:
        self._uncounted.inc()
        now = time.monotonic()
        self._asked_again_at = now + _PAUSE
        if now >= self._logged_again_at:
            self._logged_again_at = now + _SILENCE
            log.warning("requests are not limited meanwhile: %s", error)
