"""A whole run: every database and size, one after the other."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

from bakeoff_bench import machine
from bakeoff_bench.arms.catalogue import BY_NAME
from bakeoff_bench.controller.loader import Loader
from bakeoff_bench.controller.measuring import Measuring, Tell, Workload
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Options, cells, chosen_arms, groups
from bakeoff_bench.errors import BenchError
from bakeoff_bench.progress import Report, quiet
from bakeoff_bench.results.model import RULES, ArmFacts, DatabaseFacts, Measurement, Result
from bakeoff_bench.results.trust import distrust, twins
from bakeoff_bench.server_processes import local_server_processes
from bakeoff_schemas.database_url import DatabaseUrl

SEEDS_OF_A_RUN = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """The results of one database and size."""

    measurements: list[Measurement]
    facts: DatabaseFacts
    versions: dict[str, dict[str, str]]


def run(options: Options, *, report: Report = quiet) -> Result:
    """Measure everything that the options select."""
    began, started = datetime.now(UTC), time.monotonic()
    before = machine.facts(pinned=False)
    places = [(name, size) for name in options.databases for size in _sizes(options)]
    # All of them, so that a wrong name is reported now and not after hours.
    for name, _ in places:
        cells(options, database=name)
    seeds = itertools.count(options.seed * SEEDS_OF_A_RUN)
    found: list[_Measured] = []
    for done, (name, size) in enumerate(places):
        left = options.time_limit - (time.monotonic() - started)
        tell = partial(_tell, report, before=done, places=len(places))
        seconds = max(0.0, left) / (len(places) - done)
        found.append(_measure(name, size, options, seeds=seeds, tell=tell, seconds=seconds))
    report("done", done=1.0)
    measurements = [measurement for place in found for measurement in place.measurements]
    floors = twins(measurements)
    reasons = distrust(floors)
    return Result(
        rules=RULES,
        began=began,
        seconds=time.monotonic() - started,
        version=version("bakeoff-bench"),
        commit=_commit(),
        options=_described(options),
        seed=options.seed,
        machine=before.model_copy(update={"pinned": all(one.facts.pinned for one in found)}),
        databases=list({one.facts.name: one.facts for one in found}.values()),
        arms=_arms(found),
        measurements=measurements,
        twins=floors,
        trustworthy=not reasons,
        untrustworthy_because=reasons,
    )


def _measure(
    name: str, size: str, options: Options, *, seeds: Iterator[int], tell: Tell, seconds: float
) -> _Measured:
    server = DatabaseUrl.parse(options.databases[name])
    loader = Loader(server, python=options.workers["raw"], size=size, catalogue=options.catalogue)
    began = time.monotonic()
    tell(f"{name}, {size}: the data set is prepared", 0.0)
    data = loader.prepare(tell=lambda what: tell(f"{name}, {size}: {what}", 0.0))
    loader.clean()
    facts = loader.facts()
    if facts["product"].lower() != name:
        raise BenchError(f"{server.location} was called {name}, but it is {facts['product']}")
    arms = chosen_arms(options, database=name)
    workload = Workload(
        database=name,
        data=data,
        loader=loader,
        server_processes=partial(local_server_processes, server),
        cells=cells(options, database=name),
        groups=groups(arms, pool=options.pool, connections=_connections(facts["settings"])),
    )
    # Pinned only now: loading may use all CPUs.
    with Pinning() as pinning:
        measuring = Measuring(workload, options=options, pinning=pinning, seeds=seeds, tell=tell)
        measurements = measuring.measure(seconds=seconds - (time.monotonic() - began))
        held = pinning.pinned and (server.family == "sqlite" or bool(workload.server_processes()))
    return _Measured(
        measurements=measurements,
        facts=DatabaseFacts(name=name, pinned=held, **facts),
        versions=measuring.versions,
    )


def _tell(report: Report, what: str, share: float, *, before: int, places: int) -> None:
    report(what, done=(before + share) / places)


def _sizes(options: Options) -> Sequence[str]:
    return ("catalogue",) if options.catalogue else options.sizes


def _connections(settings: dict[str, Any]) -> int | None:
    allowed = settings.get("max_connections")
    return None if allowed is None else int(allowed)


def _arms(found: Sequence[_Measured]) -> list[ArmFacts]:
    versions: dict[str, dict[str, str]] = {}
    for place in found:
        for arm, known in place.versions.items():
            versions.setdefault(arm, {}).update(known)
    return [
        ArmFacts(
            name=name,
            kind=spec.kind,
            backend=spec.backend,
            description=spec.description,
            versions=versions[name],
        )
        for name, spec in BY_NAME.items()
        if name in versions
    ]


def _described(options: Options) -> dict[str, Any]:
    """The options in the result: without addresses, which may hold passwords, and paths."""
    return {
        "databases": list(options.databases),
        "sizes": list(_sizes(options)),
        "scenarios": list(options.scenarios),
        "arms": list(options.arms),
        "tasks": list(options.tasks),
        "pool": options.pool,
        "precision": options.precision,
        "time_limit": options.time_limit,
        "restarts": options.restarts,
        "slice_ms": options.slice_ms,
        "rounds": options.rounds,
    }


def _commit() -> str | None:
    """The commit, where the bench runs in a checkout; with `+` if there are changes."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip()
