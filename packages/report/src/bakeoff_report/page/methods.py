"""One operation in every layer: code, statements and workarounds, side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bakeoff_report.model import (
    Backend,
    CodeSample,
    Operation,
    Report,
    StatementsCell,
    Workaround,
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What is sent to some databases in the cases that were recorded."""

    databases: Sequence[str]
    cells: Sequence[StatementsCell]


@dataclass(frozen=True, slots=True)
class Card:
    """One layer in one operation."""

    backend: Backend
    adapter: CodeSample | None
    taught: Sequence[CodeSample]
    statements: Sequence[Sent]
    """What it sends, by database; databases to which it sends the same are together."""
    workarounds: Sequence[Workaround]
    """Those whose place in the source is in the code that is shown."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the port, with all that the layers have of it."""

    id: str
    title: str
    scenarios: Sequence[Operation]
    cards: Sequence[Card]


def side_by_side(report: Report) -> list[Method]:
    """The methods of the port that there is code or a recording of, in the order of the code."""
    names = {
        method_id(sample.operation): sample.operation
        for sample in report.code
        if sample.style == "adapter"
    }
    for cell in report.costs.statements:
        names.setdefault(cell.operation.partition("[")[0], cell.operation.partition("[")[0])
    scenarios: dict[str, list[Operation]] = defaultdict(list)
    for operation in report.costs.operations:
        if operation.port:
            scenarios[method_id(operation.port)].append(operation)
            names.setdefault(method_id(operation.port), operation.port)
    return [
        Method(
            id=name,
            title=name,
            scenarios=scenarios[name],
            cards=_cards(report, name, scenarios[name]),
        )
        for name in names
    ]


def _cards(report: Report, name: str, scenarios: Sequence[Operation]) -> list[Card]:
    wanted = {operation.id for operation in scenarios}
    cards = []
    for backend in sorted(report.backends, key=lambda one: (not one.is_reference, one.name)):
        samples = [sample for sample in report.code if sample.backend == backend.name]
        adapter = next(
            (
                sample
                for sample in samples
                if sample.style == "adapter" and method_id(sample.operation) == name
            ),
            None,
        )
        statements = _sent(
            cell
            for cell in report.costs.statements
            if cell.backend == backend.name and cell.operation.partition("[")[0] == name
        )
        taught = [
            sample
            for sample in samples
            if sample.style == "taught"
            and (
                {sample.scenario, sample.operation} & wanted or method_id(sample.operation) == name
            )
        ]
        if adapter or taught or statements:
            helped = _inside(report.workarounds, backend.name, adapter)
            cards.append(Card(backend, adapter, taught, statements, helped))
    return cards


def _sent(cells: Iterable[StatementsCell]) -> list[Sent]:
    by_database: dict[str, list[StatementsCell]] = defaultdict(list)
    for cell in cells:
        by_database[cell.database].append(cell)
    same: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for database, theirs in by_database.items():
        key = tuple(
            (cell.operation, tuple(cell.statements), cell.round_trips.value, cell.outlined)
            for cell in theirs
        )
        same[key].append(database)
    return [Sent(databases, by_database[databases[0]]) for databases in same.values()]


def _inside(
    workarounds: Iterable[Workaround], backend: str, sample: CodeSample | None
) -> list[Workaround]:
    """Workarounds with a mark in the code of this sample."""

    def marked(workaround: Workaround) -> bool:
        for mark in workaround.marks:
            path, _, line = mark.rpartition(":")
            for snippet in sample.snippets if sample else ():
                within = line.isdecimal() and snippet.first <= int(line) <= snippet.last
                if snippet.file == path and within:
                    return True
        return False

    return [found for found in workarounds if found.backend == backend and marked(found)]


def method_id(operation: str) -> str:
    """`Books.get` as recordings name it: `books.get`."""
    return operation[:1].lower() + operation[1:]
