"""Table one: what was executed, cell by cell."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BaseModel, Field

from bakeoff_report.collect import interop
from bakeoff_report.collect.capabilities import CAPABILITIES, CONTRACT, INTEROP, SUITES, shows
from bakeoff_report.collect.code import Sources
from bakeoff_report.collect.executed import Executed, executed
from bakeoff_report.collect.registry import NO_DATABASE
from bakeoff_report.inputs import Checkout
from bakeoff_report.model import (
    Backend,
    Capability,
    CapabilityCell,
    DoesRow,
    DoesTable,
    Failure,
    InteropPair,
    Mark,
    Origin,
    Test,
    Workaround,
)

DEFAULT_PYTHON = "3.11"
"""The Python that all are proven on; the cells of others have it in their names."""
MATRIX = "build/matrix.json"
MATRIX_COMMAND = "python3.11 run.py matrix"
_SEVERITY: Sequence[Mark] = ("failed", "gap", "worked-around", "executed", "not-run", "unsupported")
"""A row is as bad as the worst of its cells that ran."""

Count = Annotated[int, Field(ge=0, le=10**9)]


class _Line(BaseModel):
    """A cell in `build/matrix.json`."""

    backend: str
    database: str
    python: str
    status: str
    why: str | None = None


class _ContractReport(BaseModel):
    """`build/contract/<cell>.json`."""

    server_version: str | None = None
    layer: str | None = None
    layer_version: str | None = None
    seconds: Annotated[float, Field(ge=0, le=10**9)] | None = None
    passed: Count
    failed: Count
    xfailed: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """One backend on one database with one Python, and the driver if it is not the usual one."""

    backend: Backend
    database: str
    python: str
    driver: str | None = None

    @property
    def name(self) -> str:
        parts = [self.backend.name]
        if self.database != NO_DATABASE:
            parts.append(self.database)
        if self.driver:
            parts.append(self.driver)
        if self.python != DEFAULT_PYTHON:
            parts.append(self.python)
        return "-".join(parts)

    @property
    def is_supported(self) -> bool:
        return self.database in (self.backend.databases or [NO_DATABASE])

    @property
    def commands(self) -> dict[str, str]:
        """By suite: how it is run for this cell; a suite that never runs for it is not there."""
        commands = {}
        if self.driver is None:
            commands["contract"] = f'python3.11 run.py "contract({self.name})"'
        if self.python == DEFAULT_PYTHON and self.database != NO_DATABASE:
            commands["layers"] = f"python3.11 run.py layers -- --backend {self.backend.name}"
        return commands


@dataclass(slots=True)
class _Tests:
    """All tests that were executed anywhere, numbered."""

    sources: Sources
    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, test: Executed) -> int:
        return self.numbers.setdefault(test.id, len(self.numbers))

    def all(self) -> list[Test]:
        return [self._test(one) for one in self.numbers]

    def _test(self, name: str) -> Test:
        module, _, function = name.partition("::")
        suite, _, file = module.partition("/")
        path = f"{SUITES[suite]}/{file}"
        there = (self.sources.checkout.root / path).is_file()
        parsed = self.sources.module(path) if there else None
        found = parsed.definitions.get(function) if parsed else None
        return Test(id=name, file=path, line=found.lineno if found else None)


def table(
    sources: Sources,
    backends: Sequence[Backend],
    databases: Sequence[str],
    workarounds: Sequence[Workaround],
) -> DoesTable:
    """All cells that are usually run, and others that have been run."""
    checkout = sources.checkout
    lines = _matrix(checkout)
    pairs, fleets = interop.outcome(checkout)
    tests = _Tests(sources)
    helped = _helped_capabilities(sources, workarounds)
    rows = [
        _row(_run(checkout, cell, lines), tests, workarounds, helped, pairs)
        if cell.is_supported
        else _unsupported(cell)
        for backend in backends
        for cell in _cells(checkout, backend, databases, lines)
    ]
    return DoesTable(
        capabilities=CAPABILITIES, tests=tests.all(), rows=rows, pairs=pairs, fleets=fleets
    )


Lines = Mapping[tuple[str, str, str], tuple[str, _Line]]


def _matrix(checkout: Checkout) -> Lines:
    """The lines of the matrix with their pointers, by backend, database and minor Python."""
    content = checkout.json(MATRIX, "the contract, cell by cell", MATRIX_COMMAND)
    if content is None:
        return {}
    entries = content.get("cells") if isinstance(content, dict) else None
    return {
        (line.backend, line.database, _minor(line.python)): (where, line)
        for where, line in checkout.models(MATRIX, entries, _Line, at="/cells")
    }


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])


def _cells(
    checkout: Checkout, backend: Backend, databases: Sequence[str], lines: Lines
) -> Iterable[_Cell]:
    own = backend.databases or [NO_DATABASE]
    usual = DEFAULT_PYTHON if DEFAULT_PYTHON in backend.pythons else backend.pythons[0]
    for database in [*own, *(name for name in databases if name not in own and backend.databases)]:
        for python in backend.pythons:
            cell = _Cell(backend=backend, database=database, python=python)
            newest = python == backend.pythons[-1] and database in (NO_DATABASE, "sqlite")
            was_run = (backend.name, database, python) in lines or any(
                (checkout.root / f"build/contract/{cell.name}.{ending}").exists()
                for ending in ("json", "xml")
            )
            if python == usual or newest or was_run:
                yield cell
        for driver in backend.drivers if database == "mysql" and database in own else ():
            yield _Cell(backend=backend, database=database, python=usual, driver=driver)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What is known of one cell: its tests, and by suite the file they are in or why not."""

    cell: _Cell
    tests: Sequence[Executed]
    files: Mapping[str, str]
    missing: Mapping[str, str]
    report: _ContractReport | None
    report_file: str
    line: _Line | None
    origin: Origin | None


def _run(checkout: Checkout, cell: _Cell, lines: Lines) -> _Run:
    tests: list[Executed] = []
    files: dict[str, str] = {}
    missing: dict[str, str] = {}
    commands = cell.commands
    for suite, what in (("contract", "over HTTP"), ("layers", "of what HTTP cannot show")):
        if suite not in commands:
            continue
        path = f"build/{suite}/{cell.name}.xml"
        found = executed(checkout, path, f"tests {what}", commands[suite])
        if found:
            tests += found
            files[suite] = path
        else:
            missing[suite] = f"The tests {what} have not been run: {commands[suite]}"
    report_file = f"build/contract/{cell.name}.json"
    where, line = ("", None)
    if "contract" in commands:
        where, line = lines.get((cell.backend.name, cell.database, cell.python), ("", None))
    return _Run(
        cell=cell,
        tests=tests,
        files=files,
        missing=missing,
        report=_report(checkout, report_file) if files.get("contract") else None,
        report_file=report_file,
        line=line,
        origin=Origin(file=MATRIX, pointer=where) if line else None,
    )


def _report(checkout: Checkout, path: str) -> _ContractReport | None:
    content = checkout.json(path, "the contract in one cell", None)
    if content is None:
        return None
    for _, report in checkout.models(path, [content], _ContractReport, at=""):
        versions = {report.layer: report.layer_version} if report.layer else {}
        known = {name: version for name, version in versions.items() if version}
        checkout.describe(path, versions=known)
        return report
    return None


def _row(
    run: _Run,
    tests: _Tests,
    workarounds: Sequence[Workaround],
    helped: Mapping[str, set[str]],
    pairs: Sequence[InteropPair],
) -> DoesRow:
    cell, report = run.cell, run.report
    own = [
        one.id
        for one in workarounds
        if one.backend == cell.backend.name and cell.database in one.databases
    ]
    cells = []
    for capability in CAPABILITIES:
        if capability.id == INTEROP:
            cells.append(_interop_cell(cell, pairs))
        else:
            # The contract is the whole; a part of it counts the workarounds whose traps it tests.
            needed = [one for one in own if capability.id in (CONTRACT, *helped.get(one, ()))]
            cells.append(_capability_cell(capability, run, tests, needed))
    mark = min((one.mark for one in cells), key=_SEVERITY.index)
    if cell.driver is None and cells[0].mark == "not-run" and mark != "failed":
        # Without the contract, the rest says little.
        mark = "not-run"
    return DoesRow(
        id=cell.name,
        backend=cell.backend.name,
        database=cell.database,
        python=cell.python,
        driver=cell.driver,
        mark=mark,
        summary=_summary(mark, cells, run, helped=len(own)),
        command=next(iter(cell.commands.values()), None),
        server_version=report.server_version if report else None,
        layer_version=report.layer_version if report else None,
        seconds=report.seconds if report else None,
        note=cell.backend.notes.get(cell.database),
        workarounds=own,
        gaps=cell.backend.gaps,
        cells=cells,
        origin=run.origin,
    )


def _unsupported(cell: _Cell) -> DoesRow:
    return DoesRow(
        id=cell.name,
        backend=cell.backend.name,
        database=cell.database,
        python=cell.python,
        mark="unsupported",
        summary=f"{cell.backend.layer} does not support this database.",
        command=None,
        note=cell.backend.notes.get(cell.database),
        cells=[
            CapabilityCell(capability=one.id, mark="unsupported", passed=0, executed=0)
            for one in CAPABILITIES
        ],
    )


def _capability_cell(
    capability: Capability, run: _Run, tests: _Tests, workarounds: list[str]
) -> CapabilityCell:
    shown = [one for one in run.tests if shows(one.module, capability)]
    ran = [one for one in shown if one.outcome != "skipped"]
    suites = dict.fromkeys(module.partition("/")[0] for module in capability.modules)
    passed = sum(one.outcome == "passed" for one in ran)
    outcomes = {one.outcome for one in ran}
    return CapabilityCell(
        capability=capability.id,
        mark=_mark(outcomes, helped=bool(workarounds)),
        passed=passed,
        executed=len(ran),
        tests=sorted({tests.number(one) for one in ran}),
        failures=[
            Failure(
                test=f"{one.module}::{one.name}",
                outcome=one.outcome,
                message=one.message,
            )
            for one in shown
            if one.outcome != "passed"
        ],
        origins=[
            Origin(file=run.files[suite], pointer=module, rule="executed")
            for module in capability.modules
            if (suite := module.partition("/")[0]) in run.files
        ],
        missing=[run.missing[suite] for suite in suites if suite in run.missing],
        workarounds=workarounds if ran else [],
    )


def _interop_cell(cell: _Cell, pairs: Sequence[InteropPair]) -> CapabilityCell:
    """Pairs in place of tests: each is one count."""
    own = [
        pair
        for pair in pairs
        if cell.backend.name in (pair.writer, pair.reader)
        and pair.database == cell.database
        and cell.driver is None
        and cell.python == DEFAULT_PYTHON
    ]
    ran = [pair for pair in own if pair.status in ("passed", "failed")]
    passed = [pair for pair in ran if pair.status == "passed"]
    return CapabilityCell(
        capability=INTEROP,
        mark=_mark({"passed" if pair in passed else "failed" for pair in ran}, helped=False),
        passed=len(passed),
        executed=len(ran),
        failures=[
            Failure(
                test=f"written by {pair.writer}, read by {pair.reader}",
                outcome="failed",
                message=pair.why or "",
            )
            for pair in ran
            if pair not in passed
        ],
        origins=[pair.origin for pair in ran],
        missing=[]
        if ran or cell.database == NO_DATABASE or cell.driver or cell.python != DEFAULT_PYTHON
        else [f"The layers have not been run side by side: {interop.COMMAND}"],
    )


def _mark(outcomes: Set[str], *, helped: bool) -> Mark:
    if not outcomes:
        return "not-run"
    if "failed" in outcomes:
        return "failed"
    if "xfailed" in outcomes:
        return "gap"
    return "worked-around" if helped else "executed"


def _summary(mark: Mark, cells: Sequence[CapabilityCell], run: _Run, *, helped: int) -> str:
    if mark == "failed":
        return f"{_join_failed(cells)} failed."
    if mark == "not-run":
        why = f": {run.line.why}" if run.line and run.line.why else ""
        return f"not run{why}"
    ran = len({(one.module, one.name) for one in run.tests if one.outcome != "skipped"})
    text = f"executed with {_count(ran, 'test')}"
    if helped:
        text += f" and {_count(helped, 'workaround')}"
    gaps = len(run.cell.backend.gaps)
    return f"{text}; {_count(gaps, 'gap')} declared" if mark == "gap" else text


def _join_failed(cells: Sequence[CapabilityCell]) -> str:
    """What failed; a test that shows several capabilities is one."""
    failed = {
        (cell.capability == INTEROP, one.test)
        for cell in cells
        for one in cell.failures
        if one.outcome == "failed"
    }
    pairs = sum(is_pair for is_pair, _ in failed)
    tests = len(failed) - pairs
    counts = [_count(tests, "test")] if tests else []
    counts += [_count(pairs, "pair")] if pairs else []
    return " and ".join(counts)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _helped_capabilities(
    sources: Sources, workarounds: Sequence[Workaround]
) -> dict[str, set[str]]:
    """By workaround: the capabilities whose modules have a test marked with one of its traps."""
    modules: defaultdict[int, set[str]] = defaultdict(set)
    for suite, folder in SUITES.items():
        for path in sources.checkout.paths(f"{folder}/test_*.py"):
            module = sources.module(path)
            for number in _trap_numbers(module.tree) if module else ():
                modules[number].add(f"{suite}/{path.rpartition('/')[2]}")
    return {
        one.id: {
            capability.id
            for capability in CAPABILITIES
            for trap in one.traps
            if any(shows(module, capability) for module in modules[trap])
        }
        for one in workarounds
    }


def _trap_numbers(tree: ast.AST) -> set[int]:
    return {
        argument.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.trap"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, int)
    }
