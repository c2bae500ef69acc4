"""The backends that are compared, from `backends.toml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from bakeoff_bench.arms.catalogue import REFERENCE
from bakeoff_report.errors import ReportError
from bakeoff_report.inputs import Checkout
from bakeoff_report.model import Backend, Gap, Kind

REGISTRY = "backends.toml"
NO_DATABASE = "memory"
"""The name of the database of a backend that needs none."""


class _Gap(BaseModel):
    test: str
    kind: Literal["notyet", "never"]
    link: str = ""
    reason: str = ""


# They become parts of paths and of commands that a reader may copy.
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=50)]
Python = Annotated[str, Field(pattern=r"^3\.[0-9]{1,3}$")]
Folder = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", max_length=200)]


class _Entry(BaseModel):
    name: Name
    package: str
    path: Folder
    layer: str
    pythons: Annotated[list[Python], Field(min_length=1)]
    databases: list[Name]
    gaps: list[_Gap] = []
    kind: Kind | None = None
    alone: str | None = None
    drivers: list[Name] = []
    notes: dict[str, str] = {}


def backends(checkout: Checkout) -> list[Backend]:
    """The valid entries, in the order of the registry.

    :raises ReportError: there is no registry that can be read; without it there is nothing to show.
    """
    content = checkout.toml(REGISTRY, "the backends that are compared")
    if not isinstance(content, dict) or not isinstance(content.get("backends"), dict):
        problem = checkout.sources[REGISTRY].problem or "It has no backends."
        raise ReportError(f"{REGISTRY}: {problem} Name the folder of a checkout with --root.")
    found = checkout.models(REGISTRY, content["backends"], _Entry, at="/backends")
    return [_backend(entry) for _, entry in found]


def _backend(entry: _Entry) -> Backend:
    return Backend(
        name=entry.name,
        layer=entry.layer,
        kind=entry.kind,
        package=entry.package,
        path=entry.path,
        databases=entry.databases,
        pythons=entry.pythons,
        drivers=entry.drivers,
        alone=entry.alone,
        notes=entry.notes,
        gaps=[
            Gap(test=gap.test, kind=gap.kind, reason=gap.link or gap.reason) for gap in entry.gaps
        ],
        is_reference=entry.name == REFERENCE,
    )


def databases(backends: list[Backend]) -> list[str]:
    """All databases that some backend is proven on, in the order of the registry."""
    return list(dict.fromkeys(name for backend in backends for name in backend.databases))
