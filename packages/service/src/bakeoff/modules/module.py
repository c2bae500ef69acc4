"""What a package brings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """Routes, and the revisions of the tables that they need.

    The package names it in its entry points, `[bakeoff.modules]`, under the name by which
    `BAKEOFF_MODULES` chooses it. The routes are served below that name, as `/NAME/…`; the lifespan
    of the router is entered with that of the application. `migrations` is a folder of Alembic
    revisions, which are recorded in a table of their own; None where there are none.
    """

    router: APIRouter
    migrations: Path | None = None
