"""The parts of a run, one after the other; each leaves a whole result in the file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from bakeoff_bench.arms.catalogue import BY_NAME
from bakeoff_bench.cli.progress import shown
from bakeoff_bench.controller.plan import Options
from bakeoff_bench.controller.run import run as run_in_process
from bakeoff_bench.costs.measuring import measure as measure_costs
from bakeoff_bench.growth.measuring import measure as measure_growth
from bakeoff_bench.http.catalogue import ALWAYS
from bakeoff_bench.http.cells import check as check_http
from bakeoff_bench.http.run import HttpOptions, HttpResult
from bakeoff_bench.http.run import run as run_http
from bakeoff_bench.results import files
from bakeoff_bench.results.model import Result
from bakeoff_bench.results.trust import distrust, twins

_SIZES_TO_GROW = ("1k", "100k")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """What is measured besides the rates in process."""

    http: bool
    costs: bool
    growth: bool
    statements: Path | None
    locust: Path | None


def measure(options: Options, *, stages: Stages, output: Path) -> Result:
    """Run all that is asked for.

    :raises BenchError: a stage cannot be done; what the stages before it found is in the file. What
        HTTP needs and is not there is found out before anything is measured.
    """
    over_http = _http(options, stages) if stages.http else None
    if over_http is not None:
        # What is missing is told before the hours that come first, not after them.
        check_http(over_http)
    began = monotonic()

    def keep(found: Result) -> Result:
        """In the file, with how long all of it has taken."""
        kept = found.model_copy(update={"seconds": monotonic() - began})
        files.write(kept, output)
        return kept

    with shown("in process") as report:
        result = keep(run_in_process(options, report=report))
    if over_http is not None:
        with shown("HTTP") as report:
            result = keep(with_http(result, run_http(over_http, report=report)))
    if stages.costs:
        with shown("costs") as report:
            costs = measure_costs(
                options,
                measurements=result.measurements,
                statements=stages.statements,
                report=report,
            )
        result = keep(result.model_copy(update={"costs": costs}))
    if stages.growth:
        with shown("growth") as report:
            grown = measure_growth(_growing(options), report=report)
        update = {
            "growth": list(grown.growth),
            "export_memory": list(grown.export_memory),
        }
        result = keep(result.model_copy(update=update))
    return result


def with_http(result: Result, found: HttpResult) -> Result:
    """The result with what was measured over HTTP, believed as far as all twins allow."""
    known = {arm.name for arm in result.arms}
    floors = twins(found.measurements)
    reasons = [*result.untrustworthy_because, *distrust(floors)]
    return result.model_copy(
        update={
            "arms": [*result.arms, *(arm for arm in found.arms if arm.name not in known)],
            "measurements": [*result.measurements, *found.measurements],
            "twins": [*result.twins, *floors],
            "trustworthy": not reasons,
            "untrustworthy_because": reasons,
        }
    )


def _http(options: Options, stages: Stages) -> HttpOptions:
    """The same layers as in process, beside what they are compared with over HTTP."""
    wanted = {*ALWAYS, *(BY_NAME[name].backend for name in options.arms)}
    return HttpOptions(
        workers={name: python for name, python in options.workers.items() if name in wanted},
        databases=options.databases,
        folder=options.folder,
        size=options.sizes[0],
        precision=options.precision,
        time_limit=options.time_limit,
        restarts=options.restarts,
        pool=options.pool,
        seed=options.seed,
        locust=stages.locust,
    )


def _growing(options: Options) -> Options:
    """One size cannot grow."""
    return options if len(options.sizes) > 1 else replace(options, sizes=_SIZES_TO_GROW)
