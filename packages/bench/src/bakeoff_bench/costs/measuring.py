"""All that an arm takes besides time: from the run, from recordings, and measured here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bakeoff_bench.arms.catalogue import BY_NAME, REFERENCE, ArmSpec
from bakeoff_bench.controller.loader import Loader
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Options, chosen_arms
from bakeoff_bench.costs import round_trips
from bakeoff_bench.costs.deployment import Footprint, footprint
from bakeoff_bench.costs.place import Place
from bakeoff_bench.dataset import SIZES
from bakeoff_bench.progress import Report
from bakeoff_bench.results.model import Cost, Measurement
from bakeoff_bench.steps import Steps
from bakeoff_schemas.database_url import DatabaseUrl


def measure(
    options: Options,
    *,
    measurements: Sequence[Measurement],
    statements: Path | None,
    report: Report,
) -> list[Cost]:
    """The costs of each arm on each database, on the smallest data set of the options.

    `measurements` are those of the run; `statements` is a recording by `nox -s statements`.

    :raises BenchError: something cannot be measured.
    """
    recorded = {} if statements is None else round_trips.read(statements)
    arms = {database: chosen_arms(options, database=database) for database in options.databases}
    installed = _installed(arms, options=options)
    steps = Steps(report, count=sum(map(len, arms.values())))
    costs = []
    with Pinning() as pinning:
        for database, there in arms.items():
            loader = _loader(database, options=options)
            place = Place(
                database=database,
                data=loader.prepare(tell=steps.tell),
                loader=loader,
                options=options,
                pinning=pinning,
                recorded=recorded,
                measurements=measurements,
            )
            for arm in there:
                costs.append(place.cost(arm, installed=installed[arm.backend]))
                steps.finish(f"{database}: what {arm.name} costs")
    return costs


def _installed(arms: Mapping[str, Sequence[ArmSpec]], *, options: Options) -> dict[str, Footprint]:
    backends = {arm.backend for there in arms.values() for arm in there}
    return {name: footprint(name, python=options.workers[name]) for name in backends}


def _loader(database: str, *, options: Options) -> Loader:
    return Loader(
        DatabaseUrl.parse(options.databases[database]),
        python=options.workers[BY_NAME[REFERENCE].backend],
        size=min(options.sizes, key=SIZES.__getitem__),
        catalogue=options.catalogue,
    )
