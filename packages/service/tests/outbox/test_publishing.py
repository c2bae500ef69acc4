from __future__ import annotations

import asyncio
from typing import Any

from bakeoff.outbox.publishing import Publisher
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.errors import Contended


class LosingWork(UnitOfWork):
    """Every transaction up to the last one loses against another publisher."""

    def __init__(self, *, losses: int) -> None:
        self.losses = losses

    async def write(self, work: Any) -> Any:
        if self.losses:
            self.losses -= 1
            raise Contended("another publisher was faster")
        return []


def test_a_publisher_that_lost_looks_again() -> None:
    # Whoever was faster may have looked before the last message was committed.
    work = LosingWork(losses=2)
    publisher = Publisher(work, keep=0)
    publisher._next_purge = float("inf")
    asyncio.run(asyncio.wait_for(publisher.step(), 30))
    assert work.losses == 0
