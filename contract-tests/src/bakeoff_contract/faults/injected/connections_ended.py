"""The server ends every connection, again and again, as when a proxy before it restarts."""

from __future__ import annotations

from contextlib import AbstractContextManager

from bakeoff_contract.faults.fault import SERVERS, Fault, Target
from bakeoff_contract.faults.injected.repeating import repeated
from bakeoff_contract.throwaways.database import Server

_PAUSE = 0.5


def _ended(target: Target) -> AbstractContextManager[None]:
    database = target.database
    assert isinstance(database, Server)
    return repeated(lambda: database.end(database.sessions()), pause=_PAUSE)


CONNECTIONS_ENDED = Fault(
    name="connections-ended",
    title="the server ends every connection, twice a second",
    products=SERVERS,
    inject=_ended,
)
