"""An operation of the port as it is recorded: its name, the work, and what must be there before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bakeoff_contract.statements.shelf import Shelf
from bakeoff_schemas.ports import Store

Read = Callable[[Store, Shelf], Awaitable[object]]
Write = Callable[[Store, Shelf, Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`work` is recorded with all that its unit of work costs, and `before` is not.

    What `before` gives, in a unit of work of its own, is what `work` is done to.
    """

    writes: bool
    work: Write
    before: Read | None = None


def read(work: Read) -> Operation:
    """An operation that is done by reading alone."""
    return Operation(writes=False, work=lambda store, shelf, _: work(store, shelf))


def write(work: Read) -> Operation:
    """An operation that needs nothing but what is on the shelf."""
    return Operation(writes=True, work=lambda store, shelf, _: work(store, shelf))


def write_to(before: Read, work: Write) -> Operation:
    """An operation on something that `before` makes each time."""
    return Operation(writes=True, work=work, before=before)
