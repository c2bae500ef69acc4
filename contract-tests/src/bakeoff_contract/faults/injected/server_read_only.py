"""The server takes no writes, as one that has become a replica."""

from __future__ import annotations

from contextlib import AbstractContextManager

from bakeoff_contract.faults.fault import SERVERS, Fault, Target
from bakeoff_contract.faults.injected.own_user import own_user


def _read_only(target: Target) -> AbstractContextManager[None]:
    assert target.server is not None
    return target.server.read_only()


SERVER_READ_ONLY = Fault(
    name="server-read-only",
    title="the server is read-only",
    products=SERVERS,
    needs_server=True,
    # Administrators may go on writing on MariaDB.
    prepare=own_user,
    inject=_read_only,
)
