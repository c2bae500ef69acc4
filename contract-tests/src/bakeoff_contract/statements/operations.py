"""An operation of the port as it is recorded, with its preparation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bakeoff_contract.statements.samples import Samples
from bakeoff_schemas.ports import Store

Read = Callable[[Store, Samples], Awaitable[object]]
Write = Callable[[Store, Samples, Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`work` is recorded with its unit of work; `before` is not.

    The result of `before`, which has its own unit of work, is passed to `work`.
    """

    writes: bool
    work: Write
    before: Read | None = None


def read(work: Read) -> Operation:
    """An operation that only reads."""
    return Operation(writes=False, work=lambda store, samples, _: work(store, samples))


def write(work: Read) -> Operation:
    """An operation that needs only the sample rows."""
    return Operation(writes=True, work=lambda store, samples, _: work(store, samples))


def write_to(before: Read, work: Write) -> Operation:
    """An operation on a row that `before` makes each time."""
    return Operation(writes=True, work=work, before=before)
