"""How long a layer takes from nothing to its import, and to its first answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from bakeoff_bench.costs.asking import ask
from bakeoff_schemas.database_url import DatabaseUrl

TIMES = 5
"""Fresh processes, of which the quickest counts: what comes on top is the machine's doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Seconds: for the import alone, and from the start of the process to the first book."""

    imported: float
    answered: float


def best(backend: str, *, driver: str | None, url: DatabaseUrl, python: Path) -> Started:
    """The least of several starts; the first compiles what has no bytecode yet.

    :raises BenchError: the layer does not start.
    """
    starts = [_once(backend, driver=driver, url=url, python=python) for _ in range(TIMES)]
    return Started(
        imported=min(start.imported for start in starts),
        answered=min(start.answered for start in starts),
    )


def _once(backend: str, *, driver: str | None, url: DatabaseUrl, python: Path) -> Started:
    began = time.monotonic_ns()
    told = ask("cold_start", python=python, url=url, backend=backend, driver=driver)
    return Started(imported=told["import_ns"] / 1e9, answered=(told["answered_ns"] - began) / 1e9)
