"""Runs work against the data layer, and runs it again where that is known to be safe.

Work is run again after `Contended`, and after `ConnectionLost` where that does no harm. A pool
timeout or a statement timeout is no such reason: it would double the load under overload.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bakeoff_schemas.errors import ConnectionLost, Contended
from bakeoff_schemas.ports import DataLayer, Store

T = TypeVar("T")
Work = Callable[[Store], Awaitable[T]]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.2
# Each attempt finds a dead connection and discards it. When a server ends all connections of a
# pool, the event loop notices most of them during the first attempt, but not always all.
_RECONNECTS = 3


class UnitOfWork:
    """The only way from a route to the data: one read, or one transaction."""

    def __init__(self, layer: DataLayer, *, contention_retries: int) -> None:
        """`contention_retries` is how often a lost transaction is run again."""
        self.layer = layer
        self._retries = contention_retries

    async def read(self, work: Work[T]) -> T:
        """Do the work without a transaction.

        A connection that died while it was idle, as all do when the server restarts, costs another
        attempt rather than an error: reading twice does no harm.

        :raises Unavailable: the database cannot be reached, or stayed busy.
        """
        for _ in range(_RECONNECTS):
            try:
                async with self.layer.reading() as store:
                    return await work(store)
            except ConnectionLost:
                continue
        async with self.layer.reading() as store:
            return await work(store)

    async def write(self, work: Work[T]) -> T:
        """Do the work in one transaction, which is committed when this returns.

        :raises Contended: it lost against others in every attempt.
        :raises Unavailable: the database cannot be reached, or stayed busy. Once the work has begun
            it is not run again: the outcome of a commit that was cut off is unknown.
        """
        lost = contended = 0
        while True:
            begun = False
            try:
                async with self.layer.writing() as store:
                    begun = True
                    return await work(store)
            except Contended:
                if contended == self._retries:
                    raise
                # Full jitter: those that collided must not collide again.
                longest = min(_FIRST_PAUSE * 2**contended, _LONGEST_PAUSE)
                contended += 1
                await asyncio.sleep(random.uniform(0, longest))
            except ConnectionLost:
                if begun or lost == _RECONNECTS:
                    raise
                lost += 1
