"""The stages of a run, one after the other; each writes a whole result to the file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from bakeoff_bench.arms.catalogue import BY_NAME
from bakeoff_bench.cli.progress import shown
from bakeoff_bench.controller.plan import Options
from bakeoff_bench.controller.run import run as run_in_process
from bakeoff_bench.costs.measuring import measure as measure_costs
from bakeoff_bench.growth import measure as measure_growth
from bakeoff_bench.http.catalogue import ALWAYS
from bakeoff_bench.http.plan import HttpOptions
from bakeoff_bench.http.plan import check as check_http
from bakeoff_bench.http.run import HttpResult
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
    """Run all stages that are selected."""
    over_http = _http(options, stages) if stages.http else None
    if over_http is not None:
        check_http(over_http)
    began = monotonic()

    def save(found: Result) -> Result:
        """Write it, with the time that all stages have taken."""
        timed = found.model_copy(update={"seconds": monotonic() - began})
        files.write(timed, output)
        return timed

    with shown("in process") as report:
        result = save(run_in_process(options, report=report))
    if over_http is not None:
        with shown("HTTP") as report:
            result = save(with_http(result, run_http(over_http, report=report)))
    if stages.costs:
        with shown("costs") as report:
            costs = measure_costs(
                options,
                measurements=result.measurements,
                statements=stages.statements,
                report=report,
            )
        result = save(result.model_copy(update={"costs": costs}))
    if stages.growth:
        with shown("growth") as report:
            grown = measure_growth(_growing(options), report=report)
        update = {"growth": list(grown.growth), "export_memory": list(grown.export_memory)}
        result = save(result.model_copy(update=update))
    return result


def with_http(result: Result, found: HttpResult) -> Result:
    """The result with what was measured over HTTP; all twins decide whether it is trustworthy."""
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
    """The same layers as in process, and what they are compared with over HTTP."""
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
    return options if len(options.sizes) > 1 else replace(options, sizes=_SIZES_TO_GROW)
