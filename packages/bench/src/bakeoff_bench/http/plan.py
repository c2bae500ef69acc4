"""What is timed over HTTP on one database: which arms take part, and which tool sends requests."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bakeoff_bench.arms.catalogue import REFERENCE
from bakeoff_bench.controller.plan import Cell
from bakeoff_bench.errors import BenchError
from bakeoff_bench.http.catalogue import ALWAYS, ARMS, BARE, SCENARIOS, HttpArm
from bakeoff_bench.http.mixes.driving import MIXES, Locust
from bakeoff_bench.http.wrk import Driver, Wrk, find
from bakeoff_bench.results.model import Table

_PATHS = 2000
FIRST_PAGE = "/books"
LATER_PAGE = f"{FIRST_PAGE}?limit=7&offset=40"
"""Not timed: its answer shows whether every arm takes the parameters of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """What to time, with which programs, for how long.

    `workers` maps the backends that take part, always with those of `ALWAYS`, to their
    interpreters; `databases` maps the names of databases to addresses, which may hold passwords.
    `tasks` are open connections, `seconds` is the length of one run of wrk, which counts whole ones
    only, `rounds` is how often wrk loads an arm twice before the servers are replaced. `locust` is
    an interpreter that has Locust; without it the mixes are left out. `time_limit` is in seconds
    for everything.
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
class HttpCell(Cell):
    """One scenario at one number of connections (`tasks`).

    `rounds` is how often each arm is loaded twice before the servers are replaced.
    """

    table: Table = "http"
    drive: Driver
    rounds: int = 1


def check(options: HttpOptions) -> None:
    """Check that everything that a run over HTTP needs is there."""
    find(options.wrk)
    if missing := [backend for backend in ALWAYS if backend not in options.workers]:
        wanted = " ".join(f"--worker {backend}=PYTHON" for backend in missing)
        raise BenchError(f"over HTTP the bench also needs {wanted}; --no-http leaves HTTP out")


def arms_on(database: str, options: HttpOptions) -> list[HttpArm]:
    """All arms that the database has and whose backend has an interpreter."""
    return [arm for arm in ARMS if database in arm.databases and arm.backend in options.workers]


def cells(arms: list[HttpArm], options: HttpOptions, *, books: int) -> list[HttpCell]:
    """The scenarios by wrk with every arm, then the mixes by Locust with the whole services."""
    wrk = find(options.wrk)
    drives: list[tuple[str, str, Driver, int]] = []
    for scenario in SCENARIOS:
        paths = _write(options.folder / f"{scenario}.paths", scenario, options, books=books)
        drive = Wrk(program=wrk, paths=paths, seconds=options.seconds)
        drives.append((scenario, BARE, drive, options.rounds))
    if options.locust is not None:
        drives += [(mix, REFERENCE, Locust(python=options.locust, mix=mix), 1) for mix in MIXES]
    return [
        HttpCell(
            scenario=scenario,
            tasks=count,
            arms=tuple(arm.name for arm in arms if reference == BARE or arm.is_service),
            reference=reference,
            drive=drive,
            rounds=rounds,
        )
        for scenario, reference, drive, rounds in drives
        for count in options.tasks
    ]


def point_reads(seed: int, *, count: int, books: int) -> list[str]:
    dice = random.Random(seed)
    return [f"/books/{dice.randint(1, books)}" for _ in range(count)]


def _write(file: Path, scenario: str, options: HttpOptions, *, books: int) -> Path:
    if scenario == "point-read":
        paths = point_reads(options.seed, count=_PATHS, books=books)
    else:
        paths = [FIRST_PAGE]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{path}\n" for path in paths))
    except OSError as error:
        raise BenchError(f"cannot write {file}: {error.strerror}") from error
    return file
