"""`bakeoff-bench run`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bakeoff_bench.arms.catalogue import BY_NAME
from bakeoff_bench.cli import console, option_parsing, report, stages
from bakeoff_bench.controller.plan import PRESETS, Options
from bakeoff_bench.dataset import SIZES
from bakeoff_bench.scenarios import SCENARIOS

FOLDER = Path("build/bench")
_NAMES = tuple(scenario.name for scenario in SCENARIOS)
_what = partial(typer.Option, rich_help_panel="What is measured")
_how_long = partial(typer.Option, rich_help_panel="How long")
Workers = Annotated[
    list[option_parsing.Worker] | None,
    typer.Option(
        "--worker",
        metavar="NAME=PYTHON",
        parser=option_parsing.worker,
        help="A backend, and the interpreter of the environment that has it. Without: this "
        "interpreter, for the backends that are installed beside bakeoff-bench.",
    ),
]
Databases = Annotated[
    list[option_parsing.Database] | None,
    typer.Option(
        "--database",
        metavar="[NAME=]URL",
        parser=option_parsing.database,
        envvar="BAKEOFF_BENCH_DATABASES",
        help="A server, or a folder for SQLite; databases called bakeoff_bench_… are made "
        f"there. Without: sqlite in {FOLDER}.",
    ),
]


def run(
    worker: Workers = None,
    database: Databases = None,
    size: Annotated[
        list[str] | None,
        _what(metavar="|".join(SIZES), parser=option_parsing.one_of(SIZES), help="How many books."),
    ] = None,
    catalogue: Annotated[
        Path | None,
        _what(metavar="FILE", exists=True, dir_okay=False, help="Books from a CSV file instead."),
    ] = None,
    scenario: Annotated[
        list[str] | None,
        _what(
            metavar="NAME",
            parser=option_parsing.one_of(_NAMES),
            help="A scenario of `bakeoff-bench scenarios`; without: all.",
        ),
    ] = None,
    arm: Annotated[
        list[str] | None,
        _what(
            metavar="NAME",
            parser=option_parsing.one_of(BY_NAME),
            help="An arm of `bakeoff-bench scenarios`; without: all that have a worker. The "
            "reference and its twin always take part; over HTTP, `memory` and a bare endpoint too.",
        ),
    ] = None,
    tasks: Annotated[
        list[int] | None, _what(metavar="NUMBER", min=1, help="How many tasks work at once.")
    ] = None,
    http: Annotated[
        bool | None,
        _what(
            "--http/--no-http",
            help="Measure over HTTP as well; needs wrk, and workers for memory and raw.",
        ),
    ] = None,
    locust: Annotated[
        Path | None,
        _what(
            metavar="PYTHON", exists=True, help="An interpreter with Locust, for mixes over HTTP."
        ),
    ] = None,
    costs: Annotated[
        bool | None,
        _what("--costs/--no-costs", help="Measure CPU, memory, start and size as well."),
    ] = None,
    statements: Annotated[
        Path | None,
        _what(
            metavar="FILE",
            exists=True,
            help="What `nox -s statements` recorded: the round trips among the costs.",
        ),
    ] = None,
    growth: Annotated[
        bool | None,
        _what("--growth/--no-growth", help="Measure what grows with the data set as well."),
    ] = None,
    quick: Annotated[
        bool, _how_long("--quick", help="A few minutes, to see that everything runs.")
    ] = False,
    full: Annotated[
        bool, _how_long("--full", help="Many hours: larger data sets, HTTP, costs and growth.")
    ] = False,
    precision: Annotated[
        float | None,
        _how_long(
            metavar="SHARE",
            parser=option_parsing.share,
            help="Restart until half of each interval is at most this share of its ratio: 3%.",
        ),
    ] = None,
    time_limit: Annotated[
        float | None,
        _how_long(
            metavar="TIME",
            parser=option_parsing.duration,
            help="The longest time: 90s, 10m, 2h. HTTP takes as long again.",
        ),
    ] = None,
    restarts: Annotated[
        int | None, _how_long(metavar="NUMBER", min=1, help="The most restarts.")
    ] = None,
    slice_ms: Annotated[
        int | None,
        _how_long(
            metavar="MILLISECONDS", min=1, help="How long an arm works before the next one does."
        ),
    ] = None,
    seed: Annotated[
        int, _how_long(metavar="NUMBER", help="The seed of everything that is random.")
    ] = 1,
    output: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="Where the result is written.")
    ] = Path("build/bench.json"),
) -> None:
    """Measure how fast each data layer is, relative to the raw driver in the same minutes.

    Before anything is timed, all arms must give the same answers.
    """
    if quick and full:
        raise typer.BadParameter("--quick and --full exclude each other")
    preset = PRESETS["quick" if quick else "full" if full else "usual"]
    FOLDER.mkdir(parents=True, exist_ok=True)
    workers = option_parsing.workers(worker or [])
    options = Options(
        workers=workers,
        databases=option_parsing.databases(database or [], folder=FOLDER),
        folder=FOLDER.resolve(),
        sizes=tuple(size or preset.sizes),
        catalogue=catalogue,
        scenarios=tuple(scenario or _NAMES),
        arms=option_parsing.arms(arm or [], workers=workers),
        tasks=tuple(tasks or preset.tasks),
        precision=precision or preset.precision,
        time_limit=time_limit or preset.time_limit,
        restarts=restarts or preset.restarts,
        slice_ms=slice_ms or preset.slice_ms,
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
    console.show(*report.parts(result))
    console.remark(f"written to {output}")
