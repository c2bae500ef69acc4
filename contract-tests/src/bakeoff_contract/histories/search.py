"""Looks for an order in which the operations on one book would have been answered as they were.

The search of Wing and Gong: take any operation that was called before every other one had ended,
see whether the book answers it so, and go on. With Lowe's memory: a state is looked at once.
What is known of a book makes the search short:

- What changes nothing and fits now may come now: it is not in the way of what comes later.
- Versions only grow. Who was shown a version fits at that version alone, so nothing else may raise
  it before.
- Of operations that ask the same and are answered the same, the one that ends first may come first;
  of those without an outcome, the one that was called first.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from bakeoff_contract.histories.book import NOBODY_ASKS, Book, agrees, apply
from bakeoff_contract.histories.operation import (
    Action,
    Cancel,
    Change,
    Done,
    Operation,
    Order,
    Read,
    Refused,
)


class Outcome(Enum):
    """What a search has found."""

    LINEARIZABLE = "linearizable"
    VIOLATED = "violated"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome, and how many states were looked at for it."""

    outcome: Outcome
    states: int


def search(operations: Sequence[Operation], *, limit: int) -> Found:
    """Look at `limit` states at most; what needs more is undecided."""
    return _Search(operations).run(limit)


@dataclass(frozen=True, slots=True)
class _Answered:
    action: Action
    answer: Done | Refused
    called: float
    returned: float


# Which of the answered operations have come, as bits; how many of each kind of the open ones have;
# and the book after them.
_State = tuple[int, tuple[int, ...], Book]


class _Search:
    def __init__(self, operations: Sequence[Operation]) -> None:
        self._answered: list[_Answered] = []
        calls: defaultdict[Action, list[float]] = defaultdict(list)
        for operation in sorted(_renamed(operations), key=lambda one: one.called):
            action, called = operation.action, operation.called
            if operation.returned is not None and operation.answer is not None:
                self._answered.append(
                    _Answered(action, operation.answer, called, operation.returned)
                )
            elif not isinstance(action, Read):  # a read without an answer tells nothing
                calls[action].append(called)
        self._open = list(calls.items())
        self._all = (1 << len(self._answered)) - 1
        # By version: who was shown the book at it, and who was shown to have made the next one.
        self._reads: defaultdict[int, int] = defaultdict(int)
        self._changes: defaultdict[int, int] = defaultdict(int)
        for number, one in enumerate(self._answered):
            if isinstance(one.answer, Done) and one.answer.version is not None:
                if isinstance(one.action, Read):
                    self._reads[one.answer.version] |= 1 << number
                elif isinstance(one.action, Change):
                    self._changes[one.answer.version - 1] |= 1 << number

    def run(self, limit: int) -> Found:
        seen: set[_State] = set()
        waiting: list[_State] = [(0, (0,) * len(self._open), Book())]
        while waiting:
            done, opened, book = waiting.pop()
            done = self._and_what_changes_nothing(done, book)
            if done == self._all:
                return Found(Outcome.LINEARIZABLE, len(seen))
            state = done, opened, book
            if state in seen:
                continue
            if len(seen) == limit:
                return Found(Outcome.UNDECIDED, limit)
            seen.add(state)
            waiting += self._next(done, opened, book)
        return Found(Outcome.VIOLATED, len(seen))

    def _possible(self, done: int) -> tuple[list[int], float]:
        """The answered ones that may come next, and the first end of one that has not come."""
        possible: list[int] = []
        end = math.inf
        first = (~done & (done + 1)).bit_length() - 1
        for number in range(first, len(self._answered)):
            if done >> number & 1:
                continue
            one = self._answered[number]
            if one.called > end:
                break
            possible.append(number)
            end = min(end, one.returned)
        return possible, end

    def _and_what_changes_nothing(self, done: int, book: Book) -> int:
        while True:
            before = done
            for number in self._possible(done)[0]:
                one = self._answered[number]
                after, answer = apply(book, one.action)
                if after == book and agrees(answer, one.answer):
                    done |= 1 << number
            if done == before:
                return done

    def _next(self, done: int, opened: tuple[int, ...], book: Book) -> list[_State]:
        """The states that may follow; the likeliest is last."""
        possible, end = self._possible(done)
        changes = self._changes[book.version] & ~done
        if self._reads[book.version] & ~done or changes.bit_count() > 1:
            return []
        if changes:
            possible = [number for number in possible if changes >> number & 1]
        states = [] if changes else [*self._open_next(done, opened, book, end)]
        latest_first = sorted(possible, key=lambda number: -self._answered[number].returned)
        # Of those that are alike, the one that ends first.
        alike = {
            (self._answered[number].action, self._answered[number].answer): number
            for number in latest_first
        }
        for number in latest_first:
            one = self._answered[number]
            if alike[one.action, one.answer] == number:
                after, answer = apply(book, one.action)
                if after != book and agrees(answer, one.answer):
                    states.append((done | 1 << number, opened, after))
        return states

    def _open_next(
        self, done: int, opened: tuple[int, ...], book: Book, end: float
    ) -> Iterator[_State]:
        for kind, (action, calls) in enumerate(self._open):
            count = opened[kind]
            if count < len(calls) and calls[count] <= end:
                after, answer = apply(book, action)
                if isinstance(answer, Done) and after != book:
                    yield done, (*opened[:kind], count + 1, *opened[kind + 1 :]), after


def _renamed(operations: Sequence[Operation]) -> list[Operation]:
    """The operations with one name for all orders that are named once: then they are alike."""
    named = Counter(
        operation.action.order
        for operation in operations
        if isinstance(operation.action, Order | Cancel)
    )
    return [
        replace(operation, action=Order(NOBODY_ASKS, operation.action.quantity))
        if isinstance(operation.action, Order) and named[operation.action.order] == 1
        else operation
        for operation in operations
    ]
