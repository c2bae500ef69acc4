"""Whether the libraries are alive: facts of a day, held against what is locked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict

from bakeoff_report.inputs import Checkout
from bakeoff_report.model import Backend, Distribution, Link, Origin

FOLDER = "packages/report/src/bakeoff_report"
LIBRARIES, FACTS = f"{FOLDER}/libraries.toml", f"{FOLDER}/facts.json"
COMMAND = "bakeoff-report facts --refresh"
LOOKED_UP_DAYS = 30
"""Facts that are older cannot say what the last release is."""
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


class Library(BaseModel):
    """An entry of `libraries.toml`."""

    name: str
    distribution: str | None = None
    """Null if it is the name of the entry."""
    role: Literal["layer", "driver", "foundation"]
    backends: list[str]
    keeper: str | None = None
    licence: str | None = None
    typing: str | None = None
    repository: Link | None = None
    migrations: str | None = None

    @property
    def project(self) -> str:
        """The normalised name of the distribution."""
        return canonicalize_name(self.distribution or self.name)


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


def libraries(checkout: Checkout) -> list[tuple[str, Library]]:
    """The entries with their pointers."""
    content = checkout.toml(LIBRARIES, "the libraries under the backends")
    if content is None:
        return []
    entries = {name: entry for name, entry in content.items() if name != "looked_at"}
    return [*checkout.models(LIBRARIES, entries, Library, at="")]


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
    by_name = {backend.name: backend for backend in backends}
    locks = {name: locked(checkout, backend) for name, backend in by_name.items()}
    found = []
    for place, library in libraries(checkout):
        users = [name for name in library.backends if name in by_name]
        if not users:
            continue
        where, facts = known.get(library.project, (None, None))
        version = next((locks[name].get(library.project) for name in users), None)
        found.append(
            Distribution(
                name=library.project,
                backends=users,
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
                stale=stale(library.project, version, facts),
                origin=Origin(file=FACTS, pointer=where)
                if where
                else Origin(file=LIBRARIES, pointer=place),
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
