from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from bakeoff_bench.arms.catalogue import BY_NAME, REFERENCE, TWIN
from bakeoff_bench.results import statistics, trust
from bakeoff_bench.results.model import (
    ArmFacts,
    DatabaseFacts,
    Latency,
    Machine,
    Measurement,
    Ran,
    Result,
    Table,
)

SLICE = 50_000_000
RESTARTS, SLICES = 8, 6
SPEEDS = {REFERENCE: 1.0, TWIN: 1.0, "sqlalchemy": 0.5, "tortoise": 0.75}


class Sampled(Protocol):
    def __call__(
        self,
        speeds: Mapping[str, float] = SPEEDS,
        *,
        scenarios: Iterable[str] = ("point-read", "search"),
        tasks: Iterable[int] = (1,),
        databases: Iterable[str] = ("sqlite",),
        table: Table = "in-process",
        books: int = 1000,
        noise: float = 0.002,
        raw_rate: float = 4000.0,
        seed: int = 1,
    ) -> Result: ...


@pytest.fixture
def sampled() -> Sampled:
    """Makes a result as a run would: slices drawn by speed and noise, the rest computed."""
    return _sampled


def _sampled(
    speeds: Mapping[str, float] = SPEEDS,
    *,
    scenarios: Iterable[str] = ("point-read", "search"),
    tasks: Iterable[int] = (1,),
    databases: Iterable[str] = ("sqlite",),
    table: Table = "in-process",
    books: int = 1000,
    noise: float = 0.002,
    raw_rate: float = 4000.0,
    seed: int = 1,
) -> Result:
    dice = random.Random(seed)
    measurements = [
        measurement
        for database in databases
        for scenario in scenarios
        for at_once in tasks
        for measurement in _place(
            {arm: raw_rate * speed for arm, speed in speeds.items()},
            dice=dice,
            noise=noise,
            at=(table, database, books, scenario, at_once),
        )
    ]
    twins = trust.twins(measurements)
    reasons = trust.distrust(twins)
    return Result(
        began=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        seconds=60.0,
        version="0.1.0",
        commit=None,
        options={"precision": 0.03},
        seed=seed,
        machine=Machine(
            processor="a processor",
            cpus=2,
            memory_bytes=2**33,
            kernel="Linux 6.1",
            system="Debian 13",
            python="3.11.9",
            pinned=True,
            load_before=0.25,
        ),
        databases=[
            DatabaseFacts(name=name, product=name, version="1.0", settings={}, pinned=True)
            for name in databases
        ],
        arms=[_facts(name) for name in speeds],
        measurements=measurements,
        twins=twins,
        trustworthy=not reasons,
        untrustworthy_because=reasons,
    )


def _place(
    rates: Mapping[str, float],
    *,
    dice: random.Random,
    noise: float,
    at: tuple[Table, str, int, str, int],
) -> list[Measurement]:
    table, database, books, scenario, tasks = at
    restarts = {
        arm: [_restart(rate, dice, noise) for _ in range(RESTARTS)] for arm, rate in rates.items()
    }
    return [
        Measurement(
            table=table,
            database=database,
            books=books,
            scenario=scenario,
            tasks=tasks,
            arm=arm,
            reference=REFERENCE,
            restarts=slices,
            rate=statistics.rate(slices),
            ratio=statistics.ratio(slices, restarts[REFERENCE]),
            latency=Latency(p50=200_000, p95=300_000, p99=400_000, max=5_000_000),
            fairness=0.9 if table == "in-process" else None,
            stopped="precision",
        )
        for arm, slices in restarts.items()
    ]


def _restart(rate: float, dice: random.Random, noise: float) -> list[Ran]:
    """Restarts differ from one another more than slices do."""
    placed = rate * dice.gauss(1, noise)
    return [
        Ran(
            operations=100,
            nanoseconds=round(100e9 / (placed * dice.gauss(1, noise / 4))),
            cpu_ns=SLICE // 2,
        )
        for _ in range(SLICES)
    ]


def _facts(name: str) -> ArmFacts:
    arm = BY_NAME[name]
    return ArmFacts(
        name=name,
        kind=arm.kind,
        backend=arm.backend,
        description=arm.description,
        versions={"a-layer": "1.2.3"},
    )


class StandIn(Protocol):
    def __call__(self, **behaviour: Any) -> Path: ...


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    """Makes an interpreter with scripted workers and loader (`stand_in_interpreter.py`)."""

    def made(**behaviour: Any) -> Path:
        code = (Path(__file__).parent / "stand_in_interpreter.py").read_text()
        script = tmp_path / "python"
        script.write_text(f"#!{sys.executable} -IS\n{code}")  # starts in half the time
        script.chmod(0o755)
        script.with_suffix(".json").write_text(json.dumps(behaviour))
        return script

    return made
