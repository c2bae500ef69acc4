"""`bakeoff info`."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.table import Table

from bakeoff.cli import configuration, connecting, console, loop, options, packages
from bakeoff.cli.exits import Failure
from bakeoff.settings import Settings
from bakeoff_schemas import migrate
from bakeoff_schemas.migrate import MigrationError
from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import LayerInfo

_HIDDEN = "***"


def info(
    offline: Annotated[
        bool, typer.Option("--offline", help="Connect to nothing; the database is not asked.")
    ] = False,
    backend: options.Backend = None,
    database: options.Database = None,
    as_json: options.Json = False,
) -> None:
    """Show the settings in force, the backend, and the database as it names itself."""
    settings = configuration.load(backend=backend, database=database)
    layer = configuration.make_layer(settings)
    facts: dict[str, dict[str, Any]] = {"backend": _package(settings.backend)}
    if not offline:
        facts["connected"] = _connected(layer, settings)
    facts["settings"] = _in_force(settings)
    if as_json:
        console.show_json(facts)
        return
    for title, entries in facts.items():
        console.show(_table(title, entries))


def _package(backend: str) -> dict[str, Any]:
    return next(asdict(each) for each in packages.installed() if each.name == backend)


def _connected(layer: DataLayer, settings: Settings) -> dict[str, Any]:
    url = settings.database()
    if layer.uses_database and url.family == "sqlite" and not url.file.exists():
        raise Failure(
            f"there is no database {url} yet: bakeoff migrate makes it. "
            "For the rest: bakeoff info --offline"
        )
    described = loop.run(_describe(layer, settings))
    return {**asdict(described), **(_schema(settings) if layer.uses_database else {})}


async def _describe(layer: DataLayer, settings: Settings) -> LayerInfo:
    async with AsyncExitStack() as stack:
        opening = stack.enter_async_context(connecting.opened(layer, settings))
        await connecting.patiently(opening, settings)
        return await layer.describe()


def _schema(settings: Settings) -> dict[str, Any]:
    try:
        revision = migrate.current(settings.database())
        return {"schema": revision, "schema_newest": migrate.head()}
    except MigrationError as error:
        console.remark(f"the schema is not known: {error}")
        return {}


def _in_force(settings: Settings) -> dict[str, Any]:
    return {
        f"BAKEOFF_{name.upper()}": _shown(name, settings) for name in type(settings).model_fields
    }


def _shown(name: str, settings: Settings) -> Any:
    if name == "database_url":
        return str(settings.database())
    value = getattr(settings, name)
    if isinstance(value, SecretStr):
        return _HIDDEN
    return str(value) if isinstance(value, Path) else value


def _table(title: str, entries: dict[str, Any]) -> Table:
    table = Table(title, "", box=None, pad_edge=False)
    for name, value in entries.items():
        table.add_row(name, "" if value is None else str(value))
    return table
