"""Every connection of the pool is taken by a statement that waits for a lock."""

from __future__ import annotations

from contextlib import AbstractContextManager

from bakeoff_contract.faults.fault import SERVERS, Fault, Target
from bakeoff_contract.throwaways.database import Server


def _hidden(target: Target) -> AbstractContextManager[None]:
    assert isinstance(target.database, Server)
    return target.database.books_hidden()


POOL_EXHAUSTED = Fault(
    name="pool-exhausted",
    title="slow statements take every connection: another session locks the books",
    products=SERVERS,
    inject=_hidden,
    seconds=3.0,
)
