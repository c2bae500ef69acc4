"""The `bakeoff-report` command."""

from __future__ import annotations

import importlib.metadata
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bakeoff_bench.cli import console
from bakeoff_bench.cli.console import epilog
from bakeoff_report import building, refreshing
from bakeoff_report.collect import alive, registry
from bakeoff_report.errors import ReportError
from bakeoff_report.inputs import Checkout

Root = Annotated[
    Path,
    typer.Option("--root", metavar="DIR", help="The checkout to read.", show_default="here"),
]


class _Commands(console.Commands):
    failures = (ReportError,)


app = typer.Typer(
    name="bakeoff-report",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    # They show local variables.
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        console.show_raw(importlib.metadata.version("bakeoff-report") + "\n")
        raise typer.Exit


@app.callback(epilog=epilog("bakeoff-report build", "bakeoff-report facts --refresh"))
def bakeoff_report(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """One page that compares the data layers, made from the result files of a checkout."""


def build(
    root: Root = Path(),
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="DIR", help="Where to write.", show_default="ROOT/build/report"
        ),
    ] = None,
    bench: Annotated[
        Path | None,
        typer.Option(
            "--bench",
            metavar="FILE",
            help="Your run of the bench.",
            show_default="ROOT/build/bench.json",
        ),
    ] = None,
    repository: Annotated[
        str | None,
        typer.Option(
            "--repository", metavar="URL", help="An https address to which paths are linked."
        ),
    ] = None,
) -> None:
    """Write the page, its data, a summary in Markdown, and badges.

    Files that are missing or broken are named on the page, with the command that makes them.
    """
    if bench is not None and not bench.is_file():
        raise typer.BadParameter(f"there is no file {bench}", param_hint="--bench")
    if repository is not None and not repository.startswith("https://"):
        raise typer.BadParameter("must begin with https://", param_hint="--repository")
    report = building.collect(root, bench=bench, repository=repository)
    for path in building.write(report, output or root / "build" / "report"):
        console.show_raw(f"{path}\n")
    for source in report.sources:
        if source.state in ("unreadable", "partial"):
            console.remark(f"{source.path}: {source.problem}")
    missing = sum(source.state == "missing" for source in report.sources)
    if missing:
        console.remark(f"{missing} files are not there; the page says by which commands they come")
    if report.costs.unexplained:
        raise ReportError(
            "less than raw beyond noise, without a note: add an entry [[faster]] to texts.toml for "
            + ", ".join(report.costs.unexplained)
        )


def facts(
    root: Root = Path(),
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask the index, and write facts.json.")
    ] = False,
    index: Annotated[
        str | None,
        typer.Option(
            "--index",
            metavar="URL",
            help="A simple index with JSON.",
            show_default=" or ".join(refreshing.VARIABLES),
        ),
    ] = None,
) -> None:
    """Show which libraries have a newer release than the locked one, or look the releases up."""
    checkout = Checkout(root)
    backends = registry.backends(checkout)
    if refresh:
        _refresh(checkout, refreshing.index(index))
    found = alive.alive(checkout, backends, today=refreshing.today())
    problem = checkout.sources[alive.FACTS].problem
    if problem is not None:
        raise ReportError(f"{alive.FACTS}: {problem} {alive.COMMAND}")
    for one in found:
        locked = f"{one.locked or 'not locked'} of {one.locked_released or 'unknown'}"
        last = f"last {one.last or 'unknown'} of {one.released or 'unknown'}"
        mark = "  STALE" if one.stale else ""
        console.show_raw(f"{one.name} ({', '.join(one.backends)}): {locked}, {last}{mark}\n")


def _refresh(checkout: Checkout, index: str) -> None:
    backends = registry.backends(checkout)
    locks = [alive.locked(checkout, backend) for backend in backends]
    projects = sorted({entry.library.project for entry in alive.libraries(checkout, backends)})
    found = []
    for name in projects:
        versions = {lock[name] for lock in locks if name in lock}
        found.append(refreshing.look_up(name, versions, index=index, today=refreshing.today()))
        console.remark(f"{name}: {found[-1].last}")
    path = checkout.root / alive.FACTS
    try:
        path.write_text(refreshing.written(found), encoding="utf-8")
    except OSError as error:
        raise ReportError(f"cannot write {path}: {error.strerror}") from error


def schema() -> None:
    """Show the JSON Schema of report.json, which describes every field."""
    console.show_raw(building.schema_text())


def _add(command: Callable[..., None], *examples: str, **codes: str) -> None:
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    prose = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    app.command(command.__name__, help=prose, epilog=epilog(*examples, **codes))(command)


_add(
    build,
    "bakeoff-report build",
    "bakeoff-report build --root checkout --output site --bench bench.json",
    ok="it is written; what is missing is named in it and on stderr",
    failed="it cannot be written, the folder is no checkout, or a figure lacks its note",
)
_add(
    facts,
    "bakeoff-report facts",
    "bakeoff-report facts --refresh --index https://packages.example/simple",
    ok="they are shown",
    failed="they are not there, or the index has no answer; stderr says why",
)
_add(schema, "bakeoff-report schema > report.schema.json", ok="it is shown")


def main() -> None:
    """Run the command line."""
    app()
