from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bakeoff_bench.results.model import Result
from bakeoff_report.building import collect
from bakeoff_report.model import Report

ROOT = Path(__file__).parents[3]

REGISTRY = """
[backends.raw]
package = "bakeoff-raw"
path = "packages/raw"
layer = "drivers"
kind = "driver"
pythons = ["3.11"]
databases = ["sqlite", "postgresql"]
gaps = []

[backends.elm]
package = "bakeoff-elm"
path = "packages/elm"
layer = "Elm ORM"
kind = "ORM"
pythons = ["3.11", "3.13"]
databases = ["sqlite"]
gaps = []
"""


@dataclass(frozen=True)
class Tree:
    """A checkout that a test fills."""

    root: Path

    def write(self, path: str, content: str | bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())

    def json(self, path: str, content: object) -> None:
        self.write(path, json.dumps(content))

    def junit(self, path: str, outcomes: Mapping[str, str]) -> None:
        """Cases by `module.test_name`, with the XML inside the case."""
        cases = []
        for name, inside in outcomes.items():
            module, _, test = name.rpartition(".")
            cases.append(f'<testcase classname="{module}" name="{test}">{inside}</testcase>')
        self.write(path, f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")

    def bench(self, path: str, result: Mapping[str, Any]) -> None:
        content = json.dumps(result).encode()
        self.write(path, gzip.compress(content) if path.endswith(".gz") else content)

    def report(self) -> Report:
        return collect(self.root)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = Tree(tmp_path)
    made.write("backends.toml", REGISTRY)
    return made


@pytest.fixture(scope="session")
def whole() -> Report:
    """The report of this repository, with whatever results are in it."""
    return collect(ROOT)


def slices(cpu_ns: int, nanoseconds: int = 25_000_000, restarts: int = 8) -> list[list[Any]]:
    """Rounds that vary a little, so that there is an interval."""
    return [
        [
            {
                "operations": 100,
                "nanoseconds": nanoseconds + (number % 3) * 1000,
                "cpu_ns": cpu_ns + (number % 3) * 1000,
            }
            for number in range(8)
        ]
        for _ in range(restarts)
    ]


def measurement(arm: str, *, cpu_ns: int, rate: float, **changes: Any) -> dict[str, Any]:
    """One arm in one place; `rate` is relative to that of the reference."""
    return {
        "table": "in-process",
        "database": "sqlite",
        "books": 1000,
        "scenario": "point-read",
        "tasks": 1,
        "arm": arm,
        "reference": "raw",
        "restarts": slices(cpu_ns),
        "rate": 4000 * rate,
        "ratio": {"value": rate, "low": rate * 0.99, "high": rate * 1.01},
        "latency": {"p50": 1000, "p95": 2000, "p99": 3000, "max": 4000},
        "fairness": 1.0,
        "stopped": "precision",
        **changes,
    }


def twin(error: float = 0.005) -> dict[str, Any]:
    return {
        "table": "in-process",
        "database": "sqlite",
        "books": 1000,
        "scenario": "point-read",
        "tasks": 1,
        "ratio": {"value": 1.0, "low": 1 - error, "high": 1 + error},
        "error": error,
        "cpu": {"value": 1.0, "low": 1 - error, "high": 1 + error},
    }


ARMS = {
    "raw": ("adapter", "raw"),
    "raw-twin": ("twin", "raw"),
    "elm": ("adapter", "elm"),
    "elm-tutorial": ("tutorial", "elm"),
    "driver": ("driver", "raw"),
}


def result(*measurements: dict[str, Any], twins: list[Any] | None = None, **changes: Any) -> Any:
    """A run, as it is in a file."""
    content = {
        "schema_version": 1,
        "rules": 2,
        "began": datetime(2026, 11, 30, tzinfo=UTC).isoformat(),
        "seconds": 60,
        "version": "0.1.0",
        "commit": "0" * 40,
        "options": {"tasks": [1], "pool": 10},
        "seed": 1,
        "machine": {
            "processor": "a processor",
            "cpus": 2,
            "memory_bytes": 2**34,
            "kernel": "Linux 6",
            "system": "Debian",
            "python": "CPython 3.11.7",
            "pinned": True,
            "load_before": 0.1,
        },
        "databases": [
            {
                "name": "sqlite",
                "product": "SQLite",
                "version": "3.40",
                "settings": {},
                "pinned": True,
            }
        ],
        "arms": [
            {
                "name": one["arm"],
                "kind": ARMS[one["arm"]][0],
                "backend": ARMS[one["arm"]][1],
                "description": "An arm.",
                "versions": {"elm": "1.0"},
            }
            for one in measurements
        ],
        "measurements": [*measurements],
        "twins": [twin()] if twins is None else twins,
        "trustworthy": True,
        "untrustworthy_because": [],
        **changes,
    }
    Result.model_validate(content)
    return content


class Runs:
    """Makes runs of the bench."""

    measurement = staticmethod(measurement)
    result = staticmethod(result)
    slices = staticmethod(slices)
    twin = staticmethod(twin)


@pytest.fixture(scope="session")
def runs() -> Runs:
    return Runs()
