"""What is known of one cell: the tests that were executed, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from bakeoff_report.collect.cells import MATRIX, Cell, Line, Lines
from bakeoff_report.collect.executed import Executed, executed
from bakeoff_report.inputs import Checkout, faults, shortened
from bakeoff_report.model import Failure, Origin

Count = Annotated[int, Field(ge=0, le=10**9)]


class ReportedFailure(BaseModel):
    """A failure in `build/contract/<cell>.json`."""

    test: str
    message: str

    def shown(self) -> Failure:
        """As the page shows it."""
        return Failure(
            test=shortened(self.test, 200), outcome="failed", message=shortened(self.message, 500)
        )


class ContractReport(BaseModel):
    """`build/contract/<cell>.json`: counts, without the names of what passed."""

    server_version: str | None = None
    layer: str | None = None
    layer_version: str | None = None
    seconds: Annotated[float, Field(ge=0, le=10**9)] | None = None
    passed: Count
    failed: Count
    xfailed: Count
    failures: list[ReportedFailure] = []

    @property
    def executed(self) -> int:
        """Tests that ran."""
        return self.passed + self.failed + self.xfailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is known of one cell: its tests, and by suite the file they are in or why not."""

    cell: Cell
    tests: Sequence[Executed]
    files: Mapping[str, str]
    missing: Mapping[str, str]
    report: ContractReport | None
    line: Line | None
    origin: Origin | None

    @property
    def report_file(self) -> str:
        """The path of `report`."""
        return _report_file(self.cell)

    @property
    def executed(self) -> int:
        """Tests that ran, in all suites."""
        named = {(one.module, one.name) for one in self.tests if one.outcome != "skipped"}
        counted = self.report.executed if self.report and "contract" not in self.files else 0
        return len(named) + counted


def read_run(checkout: Checkout, cell: Cell, lines: Lines) -> Run:
    """The results of a cell, from the files that are there."""
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
    report = None
    where, line = ("", None)
    if "contract" in commands:
        where, line = lines.get((cell.backend.name, cell.database, cell.python), ("", None))
        if (checkout.root / _report_file(cell)).exists():
            report = _report(checkout, _report_file(cell))
        if report and "contract" in missing:
            missing["contract"] = f"The names of the tests are not there: {commands['contract']}"
    return Run(
        cell=cell,
        tests=tests,
        files=files,
        missing=missing,
        report=report,
        line=line,
        origin=Origin(file=MATRIX, pointer=where) if line else None,
    )


def _report_file(cell: Cell) -> str:
    return f"build/contract/{cell.name}.json"


def _report(checkout: Checkout, path: str) -> ContractReport | None:
    content = checkout.json(path, "the contract in one cell", None)
    if content is None:
        return None
    try:
        report = ContractReport.model_validate(content)
    except ValidationError as error:
        checkout.complain(path, f"It is no report of the contract: {faults(error)}.")
        return None
    if report.layer and report.layer_version:
        checkout.describe(path, versions={report.layer: report.layer_version})
    return report
