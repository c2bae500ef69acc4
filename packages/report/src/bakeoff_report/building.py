"""Makes the report of a checkout, and writes its files."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from bakeoff_report import summary
from bakeoff_report.badges import badges, svg
from bakeoff_report.collect import alive, installed, registry
from bakeoff_report.collect import costs as costs_of
from bakeoff_report.collect import statements as statements_of
from bakeoff_report.collect.code import Sources, samples
from bakeoff_report.collect.does import table
from bakeoff_report.collect.faults import collect_faults
from bakeoff_report.collect.lines import adapter_lines
from bakeoff_report.collect.texts import texts
from bakeoff_report.collect.workarounds import traps, workarounds
from bakeoff_report.errors import ReportError
from bakeoff_report.inputs import Checkout
from bakeoff_report.model import CostsTable, Report
from bakeoff_report.operations import operation, operations
from bakeoff_report.page import render
from bakeoff_report.refreshing import today
from bakeoff_report.rules import RULES
from bakeoff_report.verdicts import Known, verdicts


def collect(root: Path, *, bench: Path | None = None, repository: str | None = None) -> Report:
    """The report of a checkout; `bench` is a run of yours in another place than `build/`.

    :raises ReportError: `root` is no checkout.
    """
    checkout = Checkout(root)
    yours = _yours(checkout, bench)
    backends = registry.backends(checkout)
    databases = registry.databases(backends)
    sources = Sources(checkout)
    known_operations = operations()
    helped = workarounds(checkout, backends, sources)
    found_traps = traps(checkout)
    does = table(sources, backends, databases, helped)
    costs = costs_of.costs(checkout, yours=yours, faster=texts().faster)
    living = alive.alive(checkout, backends, today=today())
    faults = collect_faults(checkout, backends, living)
    alive.mark_stale(checkout, living)
    code = samples(sources, backends, known_operations)
    lines = adapter_lines(sources, backends)
    known = Known(
        does=does,
        cells=costs.cells,
        alive=living,
        workarounds=helped,
        traps=found_traps,
        lines=lines,
        sources=[*checkout.sources.values()],
    )
    measured = dict.fromkeys(
        [
            *(cell.operation for cell in costs.cells),
            *(cell.operation for cell in costs.growth),
        ]
    )
    names = {one.id for one in known_operations}
    return Report(
        version=importlib.metadata.version("bakeoff-report"),
        made=datetime.now(tz=UTC),
        commit=_commit(root),
        repository=repository,
        backends=backends,
        databases=databases,
        does=does,
        costs=CostsTable(
            operations=[
                *known_operations,
                *(operation(name) for name in measured if name not in names),
            ],
            cells=costs.cells,
            statements=statements_of.statements(checkout, backends),
            deployments=[
                *costs.deployments,
                *installed.deployments(checkout, backends, {one.arm for one in costs.deployments}),
            ],
            growth=costs.growth,
            export_memory=costs.export_memory,
            unexplained=costs_of.unexplained(costs.cells),
        ),
        faults=faults,
        alive=living,
        workarounds=helped,
        traps=found_traps,
        code=code,
        lines=lines,
        verdicts=verdicts(known, backends),
        rules=RULES,
        not_here=texts().not_here,
        how_to_object=texts().how_to_object,
        objections=texts().objections,
        badges=badges(backends, does.rows),
        # Last: everything above notes what it read.
        sources=[*checkout.sources.values()],
    )


def write(report: Report, output: Path) -> list[Path]:
    """Write the page, its data, the summary and the badges; each file is replaced in one step.

    :raises ReportError: a file cannot be written.
    """
    contents = {
        "report.json": report.model_dump_json(indent=1) + "\n",
        "summary.md": summary.markdown(report),
        **{badge.file: svg(badge) for badge in report.badges},
        "index.html": render(report),
    }
    written = []
    for name, content in contents.items():
        path = output / name
        unfinished = path.with_name(f".{name}.{os.getpid()}")
        try:
            output.mkdir(parents=True, exist_ok=True)
            try:
                unfinished.write_text(content, encoding="utf-8")
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)
        except OSError as error:
            raise ReportError(
                f"cannot write {path}: {error.strerror}; name another folder with --output"
            ) from error
        written.append(path)
    return written


def schema_text() -> str:
    """The JSON Schema of `report.json`."""
    dialect = "https://json-schema.org/draft/2020-12/schema"
    schema = {"$schema": dialect, **Report.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _yours(checkout: Checkout, bench: Path | None) -> str:
    """The path by which the report names your run."""
    if bench is None:
        return costs_of.YOURS
    real = bench.resolve()
    root = checkout.root.resolve()
    # Outside of the checkout only by its name: the rest is nobody's business.
    path = real.relative_to(root).as_posix() if real.is_relative_to(root) else real.name
    checkout.elsewhere[path] = real
    return path


def _commit(root: Path) -> str | None:
    """The commit of the checkout, with + after it if there are changes; None outside one."""
    git = ["git", "-C", str(root)]
    try:
        commit = _output([*git, "rev-parse", "HEAD"])
        changes = _output([*git, "status", "--porcelain"])
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}+" if changes else commit


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
