"""All arms by name; the controller reads it too, so nothing here imports a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DATABASES = ("sqlite", "postgresql", "mysql", "mariadb")
REFERENCE = "raw"
TWIN = "raw-twin"
TUTORIAL_SCENARIOS = ("point-read", "page-first", "create", "bulk-insert")

_GINO_ON_SQLITE = (
    "GINO has no dialect for SQLite; the one measured is part of this repository "
    "(bakeoff_gino.aiosqlite_dialect)."
)
Kind = Literal["adapter", "twin", "tutorial", "driver"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSpec:
    """What an arm is, and where it can be timed.

    `backend` names the environment that it runs in. `module` has `make(config) -> Arm`; without one
    the arm is the layer of that backend behind the port. `scenarios` is None for all; `driver` is
    handed to the layer (`LayerConfig.driver`).
    """

    name: str
    kind: Kind
    backend: str
    description: str
    module: str | None = None
    databases: tuple[str, ...] = DATABASES
    scenarios: tuple[str, ...] | None = None
    driver: str | None = None


def _tutorial(backend: str) -> ArmSpec:
    return ArmSpec(
        name=f"{backend}-tutorial",
        kind="tutorial",
        backend=backend,
        description=f"The same work as the documentation of {backend} teaches it.",
        module=f"bakeoff_bench.arms.tutorial_{backend}",
        scenarios=TUTORIAL_SCENARIOS,
    )


ARMS = (
    ArmSpec(name=REFERENCE, kind="adapter", backend="raw", description="What all are measured by."),
    ArmSpec(name=TWIN, kind="twin", backend="raw", description="`raw` again: the noise floor."),
    *(
        ArmSpec(name=name, kind="adapter", backend=name, description="As the adapter ships it.")
        for name in ("sqlalchemy", "tortoise", "gino", "databases")
    ),
    *(_tutorial(name) for name in ("sqlalchemy", "tortoise", "gino", "databases")),
    ArmSpec(
        name="driver",
        kind="driver",
        backend="raw",
        description="A loop that calls the driver with the SQL of `raw` and builds its record.",
        module="bakeoff_bench.arms.driver",
        scenarios=("point-read",),
    ),
    ArmSpec(
        name="raw-asyncmy",
        kind="driver",
        backend="raw",
        description="`raw` on asyncmy, in place of aiomysql.",
        databases=("mysql", "mariadb"),
        driver="asyncmy",
    ),
)
BY_NAME = {arm.name: arm for arm in ARMS}


def note(arm: str, database: str) -> str | None:
    """What a reader must know of an arm on a database, in process and over HTTP."""
    return _GINO_ON_SQLITE if database == "sqlite" and arm in ("gino", "gino-tutorial") else None
