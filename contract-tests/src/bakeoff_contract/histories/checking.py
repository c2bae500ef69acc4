"""Checks a history book by book; what is not linearizable comes with a counter-example."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bakeoff_contract.histories.counterexample import shortened
from bakeoff_contract.histories.operation import Create, Operation
from bakeoff_contract.histories.search import Outcome, search
from bakeoff_contract.histories.wording import contradiction

LIMIT = 50_000
"""States that are looked at for one book by default."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one book, in so many states.

    If it is violated, `because` has the operations that contradict each other, and `others` is the
    number of further changes of the book, whose times and answers play no part in it.
    """

    book: int
    outcome: Outcome
    states: int
    because: tuple[Operation, ...] = ()
    others: int = 0

    def __str__(self) -> str:
        """The verdict in a line, and with a line for each operation of a counter-example."""
        if self.outcome is Outcome.VIOLATED:
            return f"book {self.book}: {contradiction(self.because, self.others)}"
        looked = f"{self.states} {'state' if self.states == 1 else 'states'}"
        return f"book {self.book}: {self.outcome.value} after {looked}"


def check(operations: Iterable[Operation], *, limit: int = LIMIT) -> list[Verdict]:
    """The verdict on each book, in the order of their ids.

    :raises ValueError: the history of a book does not begin with the one `Create` of it.
    """
    books: defaultdict[int, list[Operation]] = defaultdict(list)
    for operation in operations:
        books[operation.book].append(operation)
    return [_verdict(book, books[book], limit) for book in sorted(books)]


def assert_linearizable(operations: Iterable[Operation], *, limit: int = LIMIT) -> None:
    """Check a history that has to be decided.

    :raises AssertionError: a book's is not linearizable, or undecided.
    """
    verdicts = check(operations, limit=limit)
    wrong = [one for one in verdicts if one.outcome is not Outcome.LINEARIZABLE]
    if wrong:
        # Not `assert`: pytest would add all operations as they are represented.
        raise AssertionError("\n".join(map(str, wrong)))


def _verdict(book: int, operations: list[Operation], limit: int) -> Verdict:
    _check_beginning(book, operations)
    found = search(operations, limit=limit)
    if found.outcome is not Outcome.VIOLATED:
        return Verdict(book, found.outcome, found.states)
    short = shortened(operations, limit=limit)
    because = tuple(one for one in short if one.returned is not None)
    return Verdict(book, found.outcome, found.states, because, len(short) - len(because))


def _check_beginning(book: int, operations: list[Operation]) -> None:
    created = [one for one in operations if isinstance(one.action, Create)]
    first = min(one.called for one in operations)
    if len(created) != 1 or created[0].returned is None or created[0].called > first:
        raise ValueError(f"the history of book {book} must begin with the one Create of it")
