"""The administrator takes the service's rights, and gives them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bakeoff_contract.faults.fault import SERVERS, Fault, Target
from bakeoff_contract.faults.injected.own_user import grant, own_user, revoke


@contextmanager
def _revoked(target: Target) -> Iterator[None]:
    revoke(target)
    try:
        yield
    finally:
        grant(target)


RIGHTS_REVOKED = Fault(
    name="rights-revoked",
    title="the service's rights to all tables are revoked",
    products=SERVERS,
    prepare=own_user,
    inject=_revoked,
)
