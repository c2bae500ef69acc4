"""Whether the libraries are alive: facts of a day, held against what is locked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict

from bakeoff_report.inputs import Checkout
from bakeoff_report.model import Backend, Distribution, Link, Origin

LIBRARIES = "libraries.toml"
"""In the folder of each backend."""
FACTS = "packages/report/src/bakeoff_report/facts.json"
COMMAND = "bakeoff-report facts --refresh"
LOOKED_UP_DAYS = 30
"""Facts that are older cannot say what the last release is."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


class Library(BaseModel):
    """An entry of `libraries.toml`."""

    name: str
    role: Literal["layer", "driver", "foundation"]
    needed_by: str | None = None
    """The library that brings it; null if a backend requires it itself."""
    keeper: str | None = None
    licence: str | None = None
    typing: str | None = None
    repository: Link | None = None
    migrations: str | None = None
    own_migrations: bool | None = None

    @property
    def project(self) -> str:
        """The normalised name of the distribution."""
        return canonicalize_name(self.name)


@dataclass(frozen=True, slots=True)
class Entry:
    """A library, where it is described, and the backends that use it."""

    library: Library
    origin: Origin
    backends: Sequence[str]


class Facts(BaseModel):
    """What an index says of one distribution: an entry of `facts.json`."""

    model_config = ConfigDict(frozen=True)

    name: str
    last: str
    """The last release; a pre-release only if there is nothing else."""
    released: date | None
    looked_up: date
    python: str | None
    """The Python versions that the last release runs on."""
    days: dict[str, date]
    """The day of each release that is locked here."""


def libraries(checkout: Checkout, backends: Sequence[Backend]) -> list[Entry]:
    """The libraries that the folders of the backends describe.

    A layer belongs to the backend in whose folder it is described. A driver, and what a driver
    needs, belongs to every backend that requires the driver.
    """
    required = {backend.name: _requirements(checkout, backend) for backend in backends}
    found = []
    for backend in backends:
        path = f"{backend.path}/{LIBRARIES}"
        if not checkout.paths(path):
            continue  # one that stands on no library, like `memory`
        content = checkout.toml(path, f"the libraries under {backend.name}")
        entries = {name: entry for name, entry in (content or {}).items() if name != "looked_at"}
        for place, library in checkout.models(path, entries, Library, at=""):
            users = [backend.name]
            if library.role == "driver" or library.needed_by:
                wanted = canonicalize_name(library.needed_by or library.name)
                users = [name for name, needs in required.items() if wanted in needs]
            found.append(Entry(library, Origin(file=path, pointer=place), users))
    return found


def _requirements(checkout: Checkout, backend: Backend) -> set[str]:
    """The distributions that a backend requires, by normalised name."""
    path = f"{backend.path}/pyproject.toml"
    content = checkout.toml(path, f"what {backend.name} requires") if checkout.paths(path) else None
    project = content.get("project") if isinstance(content, dict) else None
    needs = project.get("dependencies") if isinstance(project, dict) else None
    names = [_NAME.match(need) for need in needs or () if isinstance(need, str)]
    return {canonicalize_name(name[0]) for name in names if name}


def locked(checkout: Checkout, backend: Backend) -> Mapping[str, str]:
    """The versions in the lock file of a backend, by normalised name."""
    path = f"requirements/{backend.name if backend.alone else 'main'}.txt"
    text = checkout.text(path, "the locked versions")
    return {canonicalize_name(name): version for name, version in _PINNED.findall(text or "")}


def alive(checkout: Checkout, backends: Sequence[Backend], *, today: date) -> list[Distribution]:
    """The libraries of these backends, layers first."""
    content = checkout.json(FACTS, "releases of the libraries", COMMAND)
    known = (
        {
            facts.name: (where, facts)
            for where, facts in checkout.models(FACTS, content, Facts, at="")
        }
        if content is not None
        else {}
    )
    looked_up = [facts.looked_up for _, facts in known.values()]
    if looked_up and (today - min(looked_up)).days > LOOKED_UP_DAYS:
        sentence = f"Releases were last looked up on {min(looked_up)}: {COMMAND}"
        checkout.describe(FACTS, stale=[sentence])
    locks = {backend.name: locked(checkout, backend) for backend in backends}
    found = []
    for entry in libraries(checkout, backends):
        library = entry.library
        where, facts = known.get(library.project, (None, None))
        version = next((locks[name].get(library.project) for name in entry.backends), None)
        found.append(
            Distribution(
                name=library.project,
                backends=list(entry.backends),
                role=library.role,
                locked=version,
                last=facts.last if facts else None,
                released=facts.released if facts else None,
                locked_released=facts.days.get(version) if facts and version else None,
                looked_up=facts.looked_up if facts else None,
                keeper=library.keeper,
                licence=library.licence,
                typing=library.typing,
                python=facts.python if facts else None,
                repository=library.repository,
                migrations=library.migrations,
                own_migrations=library.own_migrations,
                stale=stale(library.project, version, facts),
                origin=Origin(file=FACTS, pointer=where) if where else entry.origin,
            )
        )
    order = ("layer", "foundation", "driver")
    return sorted(found, key=lambda one: (order.index(one.role), one.name, one.backends))


def stale(name: str, version: str | None, facts: Facts | None) -> str | None:
    """What is out and was not tested, in one sentence; None if nothing is known to be."""
    if version is None or facts is None or not is_older(version, facts.last):
        return None
    return (
        f"{name} {version} was tested; {facts.last} was out on {facts.looked_up}, "
        "when it was last looked up."
    )


def is_older(version: str, last: str) -> bool:
    """Whether a version comes before another; texts that are no versions do not."""
    try:
        return Version(version) < Version(last)
    except InvalidVersion:
        return False


def mark_stale(checkout: Checkout, found: Sequence[Distribution]) -> None:
    """Mark the runs and reports that were made with something older than the last release."""
    last = {one.name: one for one in found if one.last is not None}
    for path, source in [*checkout.sources.items()]:
        if source.name is None and not path.startswith("build/contract/"):
            continue
        sentences = [
            f"{name} {version} was measured, {last[project].last} is out."
            for name, version in source.versions.items()
            if (project := canonicalize_name(name)) in last
            and is_older(version, last[project].last or "")
        ]
        if sentences:
            checkout.describe(path, stale=[*source.stale, *sentences])
