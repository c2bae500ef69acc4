"""What is timed over HTTP on one database: who takes part, and who makes the requests."""

from __future__ import annotations

import random
from pathlib import Path

from bakeoff_bench.arms.catalogue import REFERENCE
from bakeoff_bench.errors import BenchError
from bakeoff_bench.http.catalogue import ALWAYS, ARMS, BARE, SCENARIOS, HttpArm
from bakeoff_bench.http.mixes.driving import MIXES, Locust
from bakeoff_bench.http.options import HttpOptions
from bakeoff_bench.http.records import Cell
from bakeoff_bench.http.wrk import Wrk, find

_PATHS = 2000
FIRST_PAGE = "/books"
LATER_PAGE = f"{FIRST_PAGE}?limit=7&offset=40"
"""Not timed: the answers to it tell whether every arm takes the parameters of a list."""


def check(options: HttpOptions) -> None:
    """See to it that there is all that every run over HTTP needs.

    :raises BenchError: there is no wrk, or no interpreter for what the layers are compared with.
    """
    find(options.wrk)
    if missing := [backend for backend in ALWAYS if backend not in options.workers]:
        wanted = " ".join(f"--worker {backend}=PYTHON" for backend in missing)
        raise BenchError(f"over HTTP the bench also needs {wanted}; --no-http leaves HTTP out")


def arms_on(database: str, options: HttpOptions) -> list[HttpArm]:
    """All arms that the database has and whose backend has an interpreter."""
    return [arm for arm in ARMS if database in arm.databases and arm.backend in options.workers]


def cells(arms: list[HttpArm], options: HttpOptions, *, books: int) -> list[Cell]:
    """The scenarios by wrk with every arm, then the mixes by Locust with the whole services.

    :raises BenchError: there is no wrk.
    """
    names = tuple(arm.name for arm in arms)
    services = tuple(arm.name for arm in arms if arm.is_service)
    wrk = find(options.wrk)
    made = []
    for scenario in SCENARIOS:
        paths = _write(options.folder / f"{scenario}.paths", scenario, options, books=books)
        drive = Wrk(program=wrk, paths=paths, seconds=options.seconds)
        made += [
            Cell(
                scenario=scenario,
                connections=count,
                arms=names,
                reference=BARE,
                drive=drive,
                rounds=options.rounds,
            )
            for count in options.tasks
        ]
    if options.locust is not None:
        for mix in MIXES:
            shop = Locust(python=options.locust, mix=mix)
            made += [
                Cell(
                    scenario=mix, connections=count, arms=services, reference=REFERENCE, drive=shop
                )
                for count in options.tasks
            ]
    return made


def point_reads(seed: int, *, count: int, books: int) -> list[str]:
    """The paths of books by chance, as many as asked for."""
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
