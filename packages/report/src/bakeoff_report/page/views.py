"""What the templates show of each layer, arranged from a report by database and by capability."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bakeoff_report.model import (
    AdapterLines,
    Backend,
    CostCell,
    Deployment,
    Distribution,
    DoesRow,
    Mark,
    Operation,
    Report,
    Verdict,
    Workaround,
)
from bakeoff_report.page import wording
from bakeoff_report.page.runs import Run, Runs
from bakeoff_report.page.wording import Sign
from bakeoff_report.page.worst_days import WorstDay, rows_of, worst_days

RIGHT: Final = ("transactions", "locks", "upsert", "streaming", "cancellation")
"""The capabilities that a team asks for by name, in its order."""
BY_TEST: Final = ("cancellation", "pool")
"""The capabilities whose results are shown test by test on the page of a layer."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A capability over some cells."""

    title: str
    mark: Mark
    passed: int
    executed: int
    link: str
    """The id of the cell that decides the mark."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is said of a layer on one database, or on all of them (`database` is then empty)."""

    database: str
    right: Sequence[Passed]
    workarounds: Sequence[Workaround]
    bands: Sequence[tuple[Sign, int]]
    measured: int
    leaving: Sequence[tuple[Sign, str]]
    worst_day: WorstDay | None
    """Null for a backend without a database, of which nobody has run any fault."""


@dataclass(frozen=True, slots=True)
class Layer:
    """All that the page shows of one backend."""

    backend: Backend
    rows: Sequence[DoesRow]
    usual: Sequence[DoesRow]
    """The rows of the usual Python and driver, one for each database."""
    distributions: Sequence[Distribution]
    scopes: Sequence[Scope]
    workarounds: Sequence[Workaround]
    lines: AdapterLines | None
    deployments: Sequence[Deployment]
    verdicts: Sequence[Verdict]
    tests: Sequence[TestTable]
    costs: Sequence[tuple[Operation, Mapping[str, Sequence[CostCell]]]]

    @property
    def main(self) -> Distribution | None:
        """The library that the layer is; null for one that is only drivers."""
        return next((found for found in self.distributions if found.role == "layer"), None)

    @property
    def released(self) -> date | None:
        """The last release of the layer; where it is only drivers, of the oldest of them."""
        if self.main:
            return self.main.released
        days = [found.released for found in self.distributions if found.released]
        return min(days, default=None)


@dataclass(frozen=True, slots=True)
class TestTable:
    """The tests of one capability, with what became of each on each database."""

    title: str
    question: str
    databases: Sequence[str]
    lines: Sequence[tuple[str, str, Sequence[tuple[Sign, str]]]]
    """The test's sentence, `file:line`, and by database a sign with a message."""
    missing: Sequence[str]


def usual_python(report: Report) -> str:
    """The Python that most cells ran with."""
    counted = Counter(row.python for row in report.does.rows)
    return max(counted, key=lambda version: (counted[version], version), default="")


def pythons(report: Report) -> list[str]:
    """Every Python of the table, in the order of their releases."""

    def parts(version: str) -> list[tuple[int, str]]:
        return [(int(part) if part.isdecimal() else 0, part) for part in version.split(".")]

    return sorted({row.python for row in report.does.rows}, key=parts)


def layers(report: Report, runs: Runs) -> list[Layer]:
    """The backends by name: inside a band there is no other order."""
    backends = sorted(report.backends, key=lambda backend: (not backend.is_reference, backend.name))
    days = worst_days(report, rows_of(report))
    return [_layer(report, runs, backend, days) for backend in backends]


def _layer(
    report: Report,
    runs: Runs,
    backend: Backend,
    days: Mapping[tuple[str, str], WorstDay],
) -> Layer:
    name = backend.name
    rows = [row for row in report.does.rows if row.backend == name]
    python = usual_python(report)
    usual = [row for row in rows if row.python == python and not row.driver] or rows
    helped = [found for found in report.workarounds if found.backend == name]
    order = {"layer": 0, "foundation": 1, "driver": 2}
    return Layer(
        backend=backend,
        rows=rows,
        usual=usual,
        distributions=sorted(
            (found for found in report.alive if name in found.backends),
            key=lambda found: (order[found.role], found.name),
        ),
        scopes=[
            _scope(report, runs, backend, usual, helped, database, days.get((name, database)))
            for database in ("", *report.databases)
        ],
        workarounds=helped,
        lines=next((found for found in report.lines if found.backend == name), None),
        deployments=[found for found in report.costs.deployments if found.backend == name],
        verdicts=sorted(
            (found for found in report.verdicts if found.backend == name),
            key=lambda found: (list(wording.TOPICS).index(found.topic), found.database or ""),
        ),
        tests=[
            _by_test(report, capability, usual)
            for capability in range(len(report.does.capabilities))
            if report.does.capabilities[capability].id in BY_TEST
        ],
        costs=_costs(report, runs, name),
    )


def _scope(
    report: Report,
    runs: Runs,
    backend: Backend,
    rows: Sequence[DoesRow],
    helped: Sequence[Workaround],
    database: str,
    worst_day: WorstDay | None,
) -> Scope:
    rows = [row for row in rows if not database or row.database == database]
    wanted = [database] if database else report.databases
    cells = [
        cell
        for one in wanted
        for cell in runs.of(runs.first_choice(one))
        if cell.backend == backend.name and cell.style == "adapter"
    ]
    signs = Counter(
        wording.band(measure)
        for cell in cells
        for measure in cell.measures
        if measure.measure == "cpu-process" and measure.band
    )
    order = ["less", "same", "more", "twice+"]
    return Scope(
        database=database,
        right=[found for name in RIGHT if (found := _passed(report, rows, name))],
        workarounds=[
            found
            for found in helped
            if not database or not found.databases or database in found.databases
        ],
        bands=sorted(signs.items(), key=lambda counted: order.index(counted[0].word)),
        measured=sum(signs.values()),
        leaving=_leaving(report, backend.name, database),
        worst_day=worst_day,
    )


def _passed(report: Report, rows: Iterable[DoesRow], name: str) -> Passed | None:
    places = [index for index, found in enumerate(report.does.capabilities) if found.id == name]
    found = [(row, row.cells[index]) for row in rows for index in places if index < len(row.cells)]
    if not found:
        return None
    row, worst = min(found, key=lambda pair: wording.WORST_FIRST.index(pair[1].mark))
    return Passed(
        title=report.does.capabilities[places[0]].title,
        mark=worst.mark,
        passed=sum(cell.passed for _, cell in found),
        executed=sum(cell.executed for _, cell in found),
        link=cell_id(row, name),
    )


def _leaving(report: Report, backend: str, database: str) -> list[tuple[Sign, str]]:
    """Whether others read what this one wrote, counted; empty if nobody has tried."""
    pairs = [
        pair
        for pair in report.does.pairs
        if pair.writer == backend
        and pair.reader != backend
        and (not database or pair.database == database)
    ]
    if not pairs:
        return []
    counted = Counter(pair.status for pair in pairs)
    said = []
    if counted["passed"]:
        text = f"{counted['passed']} of {len(pairs)} readers"
        said.append((wording.OUTCOMES["passed"], text))
    if counted["failed"]:
        names = sorted({pair.reader for pair in pairs if pair.status == "failed"})
        said.append((wording.OUTCOMES["failed"], f"not {', '.join(names)}"))
    untried = len(pairs) - counted["passed"] - counted["failed"]
    if untried:
        said.append((wording.OUTCOMES[""], f"{untried} not tried"))
    return said


def _by_test(report: Report, capability: int, rows: Sequence[DoesRow]) -> TestTable:
    described = report.does.capabilities[capability]
    cells = [row.cells[capability] for row in rows if capability < len(row.cells)]
    names = [row.database for row in rows if capability < len(row.cells)]
    tests = sorted({test for cell in cells for test in cell.tests if test < len(report.does.tests)})
    lines = []
    for number in tests:
        test = report.does.tests[number]
        results = []
        for cell in cells:
            failed = [one for one in cell.failures if one.test.partition("[")[0] == test.id]
            outcome = failed[0].outcome if failed else "passed" if number in cell.tests else ""
            results.append((wording.OUTCOMES[outcome], failed[0].message if failed else ""))
        place = f"{test.file}:{test.line}" if test.line else test.file
        lines.append((sentence(test.id), place, results))
    return TestTable(
        title=described.title,
        question=described.question,
        databases=names,
        lines=lines,
        missing=list(dict.fromkeys(said for cell in cells for said in cell.missing)),
    )


def _costs(
    report: Report, runs: Runs, backend: str
) -> list[tuple[Operation, Mapping[str, Sequence[CostCell]]]]:
    """By operation and database, the cells of the run that is shown first."""
    found: dict[str, dict[str, list[CostCell]]] = defaultdict(lambda: defaultdict(list))
    for database in report.databases:
        for cell in runs.of(runs.first_choice(database)):
            if cell.backend == backend and cell.style != "driver":
                found[cell.operation][database].append(cell)
    return [
        (operation, found[operation.id])
        for operation in report.costs.operations
        if operation.id in found
    ]


def cell_id(row: DoesRow, capability: str) -> str:
    """The id of a cell of table one, which is its permalink."""
    return f"cell-{wording.slug(row.id)}-{wording.slug(capability)}"


def sentence(test: str) -> str:
    """The sentence that a test's name is."""
    return wording.titled(test.rpartition("::")[2].removeprefix("test_").replace("_", " "))


def default_tables(report: Report, runs: Runs) -> list[tuple[str, Run | None]]:
    """By database, the run whose costs are shown first."""
    return [(database, runs.first_choice(database)) for database in report.databases]
