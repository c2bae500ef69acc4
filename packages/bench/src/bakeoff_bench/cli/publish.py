"""`bakeoff-bench publish`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bakeoff_bench.cli import console, report
from bakeoff_bench.errors import BenchError
from bakeoff_bench.results import files, trust
from bakeoff_bench.results.model import RULES, Result

_SUFFIX = ".json.gz"


def publish(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A result.")],
    output: Annotated[
        Path, typer.Argument(metavar=f"NAME{_SUFFIX}", help="Where the reference run is written.")
    ],
) -> None:
    """Make a reference run of a result, with its page in Markdown beside it.

    Places whose twin was too far off are left out, and the page says which. The run must come from
    a checkout without changes, with pinned processes and with tutorial arms.
    """
    if not output.name.endswith(_SUFFIX):
        raise typer.BadParameter(f"the name must end in {_SUFFIX}", param_hint=f"NAME{_SUFFIX}")
    result = files.read(run)
    if faults := list(_faults(result)):
        raise BenchError(f"{run} cannot be a reference run: {'; '.join(faults)}")
    part = trust.trusted_part(result)
    if not part.trustworthy:
        raise BenchError(f"{run} cannot be a reference run: {part.untrustworthy_because[0]}")
    files.write(part, output)
    page = output.with_name(output.name.removesuffix(_SUFFIX) + ".md")
    try:
        page.write_text(report.page(part), encoding="utf-8")
    except OSError as error:
        raise BenchError(f"cannot write {page}: {error.strerror}") from error
    for sentence in part.left_out:
        console.remark(f"left out: {sentence}")
    console.remark(f"written to {output} and {page}")


def _faults(result: Result) -> Iterator[str]:
    if result.rules != RULES:
        yield "it was made by other rules of trust; run the bench again"
    if result.commit is None or result.commit.endswith("+"):
        yield "its checkout had changes; commit them, and run the bench again"
    if not (result.machine.pinned and all(database.pinned for database in result.databases)):
        yield "its processes were not pinned to CPUs"
    if not any(arm.kind == "tutorial" for arm in result.arms):
        yield "it has no tutorial arms; run the bench with all arms"
