"""`bakeoff-bench compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bakeoff_bench.cli import console, report
from bakeoff_bench.cli.console import ExitCode
from bakeoff_bench.results import files
from bakeoff_bench.results.compare import compare as compared
from bakeoff_bench.results.model import Result

_ANYWAY = "--even-if-untrustworthy"


def compare(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="The older result.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="The newer result.")],
    untrustworthy: Annotated[
        bool, typer.Option(_ANYWAY, help="Compare results that are too noisy to be believed.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Show what is unchanged beyond noise as well.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")] = False,
) -> None:
    """Show what became faster or slower from one result to another, beyond the noise of both.

    Ratios to the reference are compared, so the results may come from different machines.
    """
    old, new = _read(before), _read(after)
    if not untrustworthy:
        _require_trust(before, old)
        _require_trust(after, new)
    comparison = compared(old, new)
    if as_json:
        console.show_raw(comparison.model_dump_json(indent=2) + "\n")
    else:
        console.show(*report.comparison_parts(comparison, every=every))
    if not comparison.changes:
        console.complain(f"{before} and {after} have no measurement in common")
        raise typer.Exit(ExitCode.NOT_COMPARABLE)
    if comparison.slower:
        raise typer.Exit(ExitCode.FAILED)


def _read(path: Path) -> Result:
    try:
        return files.read(path)
    except files.UnreadableResult as error:
        console.complain(str(error))
        # For a script, 1 means that something is slower.
        raise typer.Exit(ExitCode.USAGE) from error


def _require_trust(path: Path, result: Result) -> None:
    if not result.trustworthy:
        reasons = "\n".join(result.untrustworthy_because)
        console.complain(f"{path} is not trustworthy:\n{reasons}\n{_ANYWAY} compares it anyway.")
        raise typer.Exit(ExitCode.NOT_COMPARABLE)
