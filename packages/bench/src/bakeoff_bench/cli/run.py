"""`bakeoff-bench run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bakeoff_bench.arms.catalogue import BY_NAME
from bakeoff_bench.cli import asked, console, stages, values
from bakeoff_bench.cli.tables import everything
from bakeoff_bench.controller.plan import PRESETS, Options
from bakeoff_bench.dataset import SIZES
from bakeoff_bench.scenarios import SCENARIOS

_FOLDER = Path("build/bench")
_NAMES = tuple(scenario.name for scenario in SCENARIOS)
_WHAT = "What is measured"
_HOW_LONG = "How long"


def run(
    worker: Annotated[
        list[values.Worker] | None,
        typer.Option(
            metavar="NAME=PYTHON",
            parser=values.worker,
            help="A backend, and the interpreter of the environment that has it. Without: this "
            "interpreter, for the backends that are installed beside bakeoff-bench.",
        ),
    ] = None,
    database: Annotated[
        list[values.Database] | None,
        typer.Option(
            metavar="[NAME=]URL",
            parser=values.database,
            envvar="BAKEOFF_BENCH_DATABASES",
            help="A server, or a folder for SQLite; databases called bakeoff_bench_… are made "
            f"there. Without: sqlite in {_FOLDER}.",
        ),
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(SIZES),
            parser=values.one_of(SIZES),
            help="How many books.",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    catalogue: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="A catalogue in CSV, in place of books made up.",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            parser=values.one_of(_NAMES),
            help="A scenario of `bakeoff-bench scenarios`; without: all.",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    arm: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            parser=values.one_of(BY_NAME),
            help="An arm of `bakeoff-bench scenarios`; without: all that have a worker. The "
            "reference and its twin always take part; over HTTP, `memory` and a bare endpoint too.",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    tasks: Annotated[
        list[int] | None,
        typer.Option(
            metavar="NUMBER", min=1, help="How many tasks work at once.", rich_help_panel=_WHAT
        ),
    ] = None,
    http: Annotated[
        bool | None,
        typer.Option(
            "--http/--no-http",
            help="Measure over HTTP as well; needs wrk, and workers for memory and raw.",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    locust: Annotated[
        Path | None,
        typer.Option(
            metavar="PYTHON",
            exists=True,
            help="An interpreter that has Locust, for mixes over HTTP.",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    costs: Annotated[
        bool | None,
        typer.Option(
            "--costs/--no-costs",
            help="Measure CPU, memory, start and size as well.",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    statements: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="What `nox -s statements` recorded: the round trips among the costs.",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    growth: Annotated[
        bool | None,
        typer.Option(
            "--growth/--no-growth",
            help="Measure what grows with the data set as well.",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="A few minutes, to see that everything runs.",
            rich_help_panel=_HOW_LONG,
        ),
    ] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Many hours: larger data sets, HTTP, costs and growth.",
            rich_help_panel=_HOW_LONG,
        ),
    ] = False,
    precision: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            parser=values.share,
            help="Restart until half of each interval is at most so much of its ratio: 3%.",
            rich_help_panel=_HOW_LONG,
        ),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(
            metavar="TIME",
            parser=values.duration,
            help="No longer than so long: 90s, 10m, 2h. HTTP takes as long again.",
            rich_help_panel=_HOW_LONG,
        ),
    ] = None,
    restarts: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            min=1,
            help="No more restarts than so many.",
            rich_help_panel=_HOW_LONG,
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            metavar="NUMBER",
            help="What everything random is drawn from.",
            rich_help_panel=_HOW_LONG,
        ),
    ] = 1,
    output: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="Where the result goes.")
    ] = Path("build/bench.json"),
) -> None:
    """Measure how fast each data layer is, relative to the raw driver in the same minutes.

    Before anything is timed, all arms must give the same answers.
    """
    if quick and full:
        raise typer.BadParameter("--quick and --full exclude each other")
    preset = PRESETS["quick" if quick else "full" if full else "usual"]
    _FOLDER.mkdir(parents=True, exist_ok=True)
    workers = asked.workers(worker or [])
    options = Options(
        workers=workers,
        databases=asked.databases(database or [], folder=_FOLDER),
        folder=_FOLDER.resolve(),
        sizes=tuple(size or preset.sizes),
        catalogue=catalogue,
        scenarios=tuple(scenario or _NAMES),
        arms=asked.arms(arm or [], workers=workers),
        tasks=tuple(tasks or preset.tasks),
        precision=precision or preset.precision,
        time_limit=time_limit or preset.time_limit,
        restarts=restarts or preset.restarts,
        slice_ms=preset.slice_ms,
        rounds=preset.rounds,
        seed=seed,
    )
    result = stages.measure(
        options,
        stages=stages.Stages(
            http=full if http is None else http,
            costs=full if costs is None else costs,
            growth=full if growth is None else growth,
            statements=statements,
            locust=locust,
        ),
        output=output,
    )
    console.show(*everything.parts(result))
    console.remark(f"written to {output}")
