"""The unit of work of a service with a cache."""

from __future__ import annotations

from typing import TypeVar

from bakeoff.cache.cache import Cache
from bakeoff.cache.touched import Touched, tracked
from bakeoff.unit_of_work import UnitOfWork, Work
from bakeoff_schemas.ports import DataLayer, Store

T = TypeVar("T")


class CachedUnitOfWork(UnitOfWork):
    """Returns from a write when no answer from before it can be served any more."""

    def __init__(self, layer: DataLayer, cache: Cache, *, contention_retries: int) -> None:
        """`contention_retries` is how often a lost transaction is run again."""
        super().__init__(layer, contention_retries=contention_retries)
        self._cache = cache

    async def write(self, work: Work[T]) -> T:
        """Do the work in one transaction, then end the cached answers that it has made wrong.

        They are ended after an error too: a commit whose outcome is unknown may have succeeded.

        :raises Contended: it lost against others in every attempt.
        :raises Unavailable: the database cannot be reached, or stayed busy.
        """
        touched = Touched()

        async def noting(store: Store) -> T:
            return await work(tracked(store, touched))

        try:
            return await super().write(noting)
        finally:
            if touched:
                await self._cache.forget(touched.fences())
