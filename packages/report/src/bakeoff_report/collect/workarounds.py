"""Where layers need help, and what others reported of them: the ledger of the checkout.

`nox -s workarounds` holds the ledger against marks, tests and canaries; here it is only read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from pydantic import BaseModel

from bakeoff_report.collect.code import Sources
from bakeoff_report.collect.marked import marked
from bakeoff_report.inputs import Checkout
from bakeoff_report.model import Backend, Link, Origin, Trap, Workaround

TRAPS = "docs/traps.toml"
COMMAND = "python3.11 run.py workarounds"
FAMILIES = {
    "sqlite": ("sqlite",),
    "postgresql": ("postgresql",),
    "mysql": ("mysql", "mariadb"),
}
"""The databases that a word in the name of a file, of a workaround or of a driver stands for."""
DRIVERS = {
    "aiosqlite": "sqlite",
    "asyncpg": "postgresql",
    "aiomysql": "mysql",
    "asyncmy": "mysql",
    "pymysql": "mysql",
}
_MARK = re.compile(r"workaround\(([a-z0-9-]+)\)")


class _Workaround(BaseModel):
    name: str
    layer: str
    seen: str
    what: str
    instead: str
    canary: str
    upstream: list[Link] = []
    trap: list[int] = []


class _Trap(BaseModel):
    number: int
    layers: list[str]
    reported: str
    links: list[Link] = []
    seen: str
    status: str


def workarounds(
    checkout: Checkout, backends: Sequence[Backend], sources: Sources
) -> list[Workaround]:
    """The entries of all backends, with the places that are marked in their sources."""
    return [found for backend in backends for found in _of_backend(checkout, backend, sources)]


def traps(checkout: Checkout) -> list[Trap]:
    content = checkout.toml(TRAPS, "what others reported of the layers")
    if content is None:
        return []
    entries = content.get("trap")
    return [
        Trap(**trap.model_dump(), origin=Origin(file=TRAPS, pointer=where))
        for where, trap in checkout.models(TRAPS, entries, _Trap, at="/trap")
    ]


def _of_backend(checkout: Checkout, backend: Backend, sources: Sources) -> list[Workaround]:
    path = f"{backend.path}/workarounds.toml"
    if not (checkout.root / path).exists():
        # A layer without a library has nothing to work around, and so no ledger.
        if backend.databases:
            checkout.missing(path, f"where {backend.name} needs help", None)
        return []
    content = checkout.toml(path, f"where {backend.name} needs help")
    if content is None:
        return []
    marks = _marks(checkout, f"{backend.path}/src/**/*.py")
    found = []
    for where, entry in checkout.models(path, content, _Workaround, at=""):
        places = marks.get(entry.name, [])
        found.append(
            Workaround(
                id=f"{backend.name}/{entry.name}",
                backend=backend.name,
                name=entry.name,
                layer=entry.layer,
                seen=entry.seen,
                what=entry.what,
                instead=entry.instead,
                upstream=entry.upstream,
                traps=entry.trap,
                databases=_databases(entry, places, backend),
                marks=places,
                snippets=[one for place in places if (one := marked(sources, place))],
                canary=entry.canary,
                canary_file=_canary_file(checkout, backend, entry.canary),
                origin=Origin(file=path, pointer=where),
            )
        )
    return found


def _marks(checkout: Checkout, pattern: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in checkout.paths(pattern):
        text = (checkout.root / path).read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            for name in _MARK.findall(line):
                found.setdefault(name, []).append(f"{path}:{number}")
    return found


def _databases(entry: _Workaround, marks: Iterable[str], backend: Backend) -> list[str]:
    """Where it bears: by its driver, else by the names of all marked files, else by its own."""
    driver = DRIVERS.get(entry.layer.lower())
    stems = {PurePosixPath(mark.partition(":")[0]).stem for mark in marks}
    words = [driver] if driver else sorted(stems)
    if not words or not all(word in FAMILIES for word in words):
        words = [word for word in entry.name.split("-") if word in FAMILIES]
    wanted = {database for word in words for database in FAMILIES[word]}
    return [name for name in backend.databases if not wanted or name in wanted]


def _canary_file(checkout: Checkout, backend: Backend, canary: str) -> str | None:
    for path in checkout.paths(f"{backend.path}/tests/**/test_*.py"):
        text = (checkout.root / path).read_text(encoding="utf-8", errors="replace")
        if f"def {canary}(" in text:
            return path
    return None
