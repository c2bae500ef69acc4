"""`bakeoff info` and `bakeoff list`."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.table import Table

from bakeoff import backends
from bakeoff.cli import configuration, console, running
from bakeoff.cli.console import Failure
from bakeoff.settings import PREFIX, Settings
from bakeoff_schemas import migrate
from bakeoff_schemas.migrate import MigrationError
from bakeoff_schemas.ports import DataLayer


def info(
    offline: Annotated[bool, typer.Option("--offline", help="Connect to no database.")] = False,
    backend: configuration.BackendOption = None,
    database: configuration.DatabaseOption = None,
    as_json: configuration.JsonOption = False,
) -> None:
    """Show the settings in force, the backend, and the database as it names itself."""
    settings = configuration.load(backend=backend, database_url=database)
    layer = configuration.make_layer(settings)
    package = _package(settings.backend, backends.installed()[settings.backend])
    facts: dict[str, dict[str, Any]] = {"backend": package}
    if not offline:
        facts["connected"] = running.run(_connected(layer, settings))
    facts["settings"] = {
        PREFIX + name.upper(): _shown(name, settings) for name in type(settings).model_fields
    }
    if as_json:
        console.show_json(facts)
        return
    for title, entries in facts.items():
        table = Table(title, "", box=None, pad_edge=False)
        for name, value in entries.items():
            text = ",".join(value) if isinstance(value, list) else str(value)
            table.add_row(name, "" if value is None else text)
        console.show(table)


async def _connected(layer: DataLayer, settings: Settings) -> dict[str, Any]:
    url = settings.database()
    schema: dict[str, Any] = {}
    if layer.uses_database:
        if url.family == "sqlite" and not url.file.exists():
            raise Failure(
                f"the database {url} does not exist yet: bakeoff migrate makes it. "
                "For the rest: bakeoff info --offline"
            )
        try:
            revision = await running.connected(settings, lambda: migrate.current(url))
            schema = {"schema": revision, "schema_newest": migrate.head()}
        except MigrationError as error:
            console.remark(f"the schema is not known: {error}")
    async with running.opened(layer, settings):
        return {**asdict(await layer.describe()), **schema}


def _shown(name: str, settings: Settings) -> Any:
    if name == "database_url":
        return str(settings.database())
    value = getattr(settings, name)
    if isinstance(value, SecretStr):
        return "***"
    return str(value) if isinstance(value, Path) else value


def list_backends(
    backend: configuration.BackendOption = None, as_json: configuration.JsonOption = False
) -> None:
    """List the installed backends, and mark the one that is chosen."""
    chosen = configuration.load(backend=backend).backend
    found = [_package(name, point) for name, point in backends.installed().items()]
    if as_json:
        console.show_json([{**each, "chosen": each["name"] == chosen} for each in found])
        return
    table = Table("", "backend", "version", "what it is", box=None, pad_edge=False)
    for each in found:
        mark = "*" if each["name"] == chosen else ""
        table.add_row(mark, each["name"], each["version"], each["summary"])
    console.show(table)
    if chosen not in {each["name"] for each in found}:
        console.show(f"\nChosen, but not installed: {chosen}   pip install bakeoff-{chosen}")
    console.show("\n* chosen (BAKEOFF_BACKEND, --backend). Another: pip install bakeoff-NAME")


def _package(name: str, point: EntryPoint) -> dict[str, str]:
    """A backend and its package, which is not imported."""
    package = point.dist
    return {
        "name": name,
        "package": package.name if package else point.module,
        "version": package.version if package else "unknown",
        "summary": (package.metadata["Summary"] or "") if package else "",
    }
