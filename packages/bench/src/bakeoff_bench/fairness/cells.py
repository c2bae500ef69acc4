"""Has every layer asked on a database, each in its own environment."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bakeoff_bench.arms.catalogue import ARMS, REFERENCE
from bakeoff_bench.errors import BenchError
from bakeoff_bench.loading.places import bench_url
from bakeoff_schemas.database_url import DatabaseUrl

LAYERS = tuple(arm.name for arm in ARMS if arm.kind == "adapter")
_SIZE = "1k"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One layer on one database: what it is, and the conditions that it works under."""

    backend: str
    layer: str
    driver: str
    database: str
    facts: Mapping[str, str]


def ask_all(workers: Mapping[str, Path], address: DatabaseUrl) -> list[Cell]:
    """Every layer on a server, or in a folder of SQLite, where the smallest data set is prepared.

    :raises BenchError: a layer has no worker, or could not be asked.
    """
    missing = [name for name in LAYERS if name not in workers]
    if missing:
        raise BenchError(
            f"all layers are compared with one another: name the interpreter of each "
            f"(--worker {missing[0]}=PYTHON)"
        )
    _run(workers[REFERENCE], "loading", "prepare", "--size", _SIZE, url=address)
    url = bench_url(address, _SIZE)
    return [_ask(workers[name], name, url) for name in LAYERS]


def _ask(python: Path, backend: str, url: DatabaseUrl) -> Cell:
    return Cell(**json.loads(_run(python, "fairness.asking", backend, url=url)))


def _run(python: Path, module: str, *arguments: str, url: DatabaseUrl) -> str:
    """The address goes by the environment, for everybody can see a command line."""
    done = subprocess.run(
        [python, "-m", f"bakeoff_bench.{module}", *arguments],
        env={**os.environ, "BAKEOFF_DATABASE_URL": url.render()},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise BenchError(f"{module} {' '.join(arguments)} failed on {url}: {last}")
    return done.stdout
