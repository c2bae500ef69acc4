"""What is to be timed over HTTP, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bakeoff_bench.results.model import ArmFacts, Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """What to time, with which programs, for how long.

    `workers` maps the backends that take part to the interpreters that have them, always with those
    of `ALWAYS`; `databases` maps the names of databases to addresses, which may hold
    passwords. `tasks` are open connections, `seconds` is how long one run of wrk takes, which
    counts whole ones only, `rounds` is how often an arm is loaded twice by it before the servers
    are replaced. `locust` is an interpreter that has it; without, the mixes are left out.
    `time_limit` is in seconds and for everything.
    """

    workers: Mapping[str, Path]
    databases: Mapping[str, str]
    folder: Path
    time_limit: float
    size: str = "1k"
    tasks: tuple[int, ...] = (16,)
    pool: int = 10
    precision: float = 0.03
    restarts: int | None = None
    seconds: int = 1
    rounds: int = 3
    seed: int = 1
    wrk: str = "wrk"
    locust: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResult:
    """What was measured, and what the arms were; ratios relate to each measurement's reference."""

    measurements: list[Measurement]
    arms: list[ArmFacts]
