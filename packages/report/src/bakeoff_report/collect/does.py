"""Table one: what was executed, cell by cell."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from bakeoff_report.collect import interop
from bakeoff_report.collect.capabilities import CAPABILITIES, CONTRACT, INTEROP, SUITES, shows
from bakeoff_report.collect.cell_runs import ContractReport, Run, read_run
from bakeoff_report.collect.cells import DEFAULT_PYTHON, Cell, cells, matrix
from bakeoff_report.collect.code import Sources
from bakeoff_report.collect.executed import Executed
from bakeoff_report.collect.registry import NO_DATABASE
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

_SEVERITY: Sequence[Mark] = ("failed", "gap", "worked-around", "executed", "not-run", "unsupported")
"""A row is as bad as the worst of its cells that ran."""


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
    lines = matrix(checkout)
    pairs, fleets = interop.outcome(checkout)
    tests = _Tests(sources)
    helped = _helped_capabilities(sources, workarounds)
    rows = [
        _row(read_run(checkout, cell, lines), tests, workarounds, helped, pairs)
        if cell.is_supported
        else _unsupported(cell)
        for backend in backends
        for cell in cells(checkout, backend, databases, lines)
    ]
    return DoesTable(
        capabilities=CAPABILITIES, tests=tests.all(), rows=rows, pairs=pairs, fleets=fleets
    )


def _row(
    run: Run,
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
    found: list[CapabilityCell] = []
    for capability in CAPABILITIES:
        if capability.id == INTEROP:
            found.append(_interop_cell(cell, pairs))
        else:
            # The contract is the whole; a part of it counts the workarounds whose traps it tests.
            needed = [one for one in own if capability.id in (CONTRACT, *helped.get(one, ()))]
            is_counted = capability.id == CONTRACT and "contract" not in run.files
            if is_counted and run.report is not None:
                found.append(_counted_cell(run, run.report, needed))
            else:
                found.append(_capability_cell(capability, run, tests, needed))
    mark = min((one.mark for one in found), key=_SEVERITY.index)
    if cell.driver is None and found[0].mark == "not-run" and mark != "failed":
        # Without the contract, the rest says little.
        mark = "not-run"
    return DoesRow(
        id=cell.name,
        backend=cell.backend.name,
        database=cell.database,
        python=cell.python,
        driver=cell.driver,
        mark=mark,
        summary=_summary(mark, found, run, helped=len(own)),
        command=next(iter(cell.commands.values()), None),
        server_version=report.server_version if report else None,
        layer_version=report.layer_version if report else None,
        seconds=report.seconds if report else None,
        note=cell.backend.notes.get(cell.database),
        workarounds=own,
        gaps=cell.backend.gaps,
        cells=found,
        origin=run.origin,
    )


def _unsupported(cell: Cell) -> DoesRow:
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


def _counted_cell(run: Run, report: ContractReport, workarounds: list[str]) -> CapabilityCell:
    """The contract as a whole, where only the counts of it are there."""
    outcomes = {
        outcome
        for outcome, count in (
            ("passed", report.passed),
            ("failed", report.failed),
            ("xfailed", report.xfailed),
        )
        if count
    }
    return CapabilityCell(
        capability=CONTRACT,
        mark=_mark(outcomes, helped=bool(workarounds)),
        passed=report.passed,
        executed=report.executed,
        failures=[one.shown() for one in report.failures],
        origins=[Origin(file=run.report_file, pointer="", rule="counted")],
        missing=[run.missing["contract"]],
        workarounds=workarounds,
    )


def _capability_cell(
    capability: Capability, run: Run, tests: _Tests, workarounds: list[str]
) -> CapabilityCell:
    shown = [one for one in run.tests if shows(one.module, capability)]
    ran = [one for one in shown if one.outcome != "skipped"]
    suites = dict.fromkeys(module.partition("/")[0] for module in capability.modules)
    passed = sum(one.outcome == "passed" for one in ran)
    missing = [run.missing[suite] for suite in suites if suite in run.missing]
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
        missing=missing,
        applies=bool(shown or missing),
        workarounds=workarounds if ran else [],
    )


def _interop_cell(cell: Cell, pairs: Sequence[InteropPair]) -> CapabilityCell:
    """Pairs in place of tests: each is one count. They run with the usual Python and drivers."""
    applies = cell.database != NO_DATABASE and cell.driver is None and cell.python == DEFAULT_PYTHON
    own = [
        pair
        for pair in pairs
        if applies
        and cell.backend.name in (pair.writer, pair.reader)
        and pair.database == cell.database
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
        missing=[f"The layers have not been run side by side: {interop.COMMAND}"]
        if applies and not ran
        else [],
        applies=applies,
    )


def _mark(outcomes: Set[str], *, helped: bool) -> Mark:
    if not outcomes:
        return "not-run"
    if "failed" in outcomes:
        return "failed"
    if "xfailed" in outcomes:
        return "gap"
    return "worked-around" if helped else "executed"


def _summary(mark: Mark, cells: Sequence[CapabilityCell], run: Run, *, helped: int) -> str:
    if mark == "failed":
        return f"{_join_failed(cells)} failed."
    if mark == "not-run":
        why = f": {run.line.why}" if run.line and run.line.why else ""
        return f"not run{why}"
    text = f"executed with {_count(run.executed, 'test')}"
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
