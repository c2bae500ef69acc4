"""Shortens a history that is not linearizable to the operations that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bakeoff_contract.histories.operation import Create, Operation, Read, Refused
from bakeoff_contract.histories.search import Outcome, search


def shortened(operations: Sequence[Operation], *, limit: int) -> list[Operation]:
    """A history that is not linearizable either, as short as `limit` more states can make it.

    First it ends with the answer that nothing explains. Then those answers are forgotten that are
    not needed for the contradiction: such an operation may have happened at any time after its
    call, or never. What still has an answer is needed.
    """
    budget = _Budget(limit)
    ordered = sorted(operations, key=lambda one: one.called)
    return _with_what_is_needed(_up_to_the_contradiction(ordered, budget), budget)


class _Budget:
    """How many states may still be looked at."""

    def __init__(self, states: int) -> None:
        self._left = states

    def refutes(self, operations: Sequence[Operation]) -> bool:
        """Whether this is surely not linearizable."""
        if self._left <= 0:
            return False
        found = search(operations, limit=self._left)
        # What is decided in no state costs time as well.
        self._left -= found.states + 1
        return found.outcome is Outcome.VIOLATED


def _up_to_the_contradiction(operations: list[Operation], budget: _Budget) -> list[Operation]:
    # What begins a linearizable history is one itself, so the first end that is too late can be
    # searched by halves.
    ends = sorted(one.returned for one in operations if one.returned is not None)
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        if budget.refutes(_until(operations, ends[middle])):
            high = middle
        else:
            low = middle + 1
    return _until(operations, ends[high])


def _until(operations: list[Operation], end: float) -> list[Operation]:
    """What had been asked at that time, with the answers that were there."""
    return [
        kept
        for one in operations
        if one.called <= end
        and (kept := one if one.returned is not None and one.returned <= end else _forgotten(one))
    ]


def _with_what_is_needed(operations: list[Operation], budget: _Budget) -> list[Operation]:
    size = len(operations) // 2
    while size:
        begin = 0
        while begin < len(operations):
            chunk = operations[begin : begin + size]
            less = [kept for one in chunk if (kept := _forgotten(one))]
            shorter = [*operations[:begin], *less, *operations[begin + size :]]
            if less != chunk and budget.refutes(shorter):
                operations = shorter
                begin += len(less)
            else:
                begin += size
        size //= 2
    return operations


def _forgotten(operation: Operation) -> Operation | None:
    """The operation without its answer; None if it changed nothing."""
    if isinstance(operation.action, Create):
        return operation
    if isinstance(operation.action, Read) or isinstance(operation.answer, Refused):
        return None
    return replace(operation, returned=None, answer=None)
