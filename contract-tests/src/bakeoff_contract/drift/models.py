"""Makes the tables that a backend's models describe: `python -m bakeoff_contract.drift.models`.

It runs in the environment of the backend, whose SQLAlchemy may be 1.3, and prints what else must be
known of the models. The tables are read in another environment, with SQLAlchemy 2.x.
"""

from __future__ import annotations

import asyncio
import json
import os
import pkgutil
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import sqlalchemy as sa

from bakeoff.backends import installed
from bakeoff_contract.drift.catalogue import engine
from bakeoff_contract.drift.connecting import connected
from bakeoff_contract.throwaway import Throwaway, existing
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl

URL = "BAKEOFF_DRIFT_URL"
_FORMATTED = re.compile(r"%\(\w+\)s|%s")
_FAMILIES = ("sqlite", "postgresql", "mysql")


class NoModels(LookupError):
    """Nothing in the module describes the tables."""


def main() -> None:
    """Create the tables of the backend's models in the empty database at `BAKEOFF_DRIFT_URL`."""
    package = installed()[sys.argv[1]].module.partition(".")[0]
    database = existing(DatabaseUrl.parse(os.environ[URL]))
    tables = import_module(f"{package}.tables")
    description = {
        "names": create(tables, database),
        # What the layer cannot state, with the reason; "mysql/authors.id" is for MySQL alone.
        "cannot_state": list(getattr(tables, "CANNOT_STATE", {})),
        "is_hand_written": hasattr(tables, "SCHEMA"),
        "statements": statements_of(import_module(package), database.url.family),
    }
    json.dump(description, sys.stdout)


def create(tables: ModuleType, database: Throwaway) -> list[str] | None:
    """Create the tables; the names of constraints and indexes that the models state, or all.

    :raises NoModels: there is no description of a known kind.
    """
    values: list[Any] = list(vars(tables).values())
    classes: list[Any] = [value for value in values if isinstance(value, type)]
    metadata = [getattr(value, "metadata", None) for value in classes]
    for value in (*values, *metadata):
        if isinstance(value, sa.MetaData):
            return _create_metadata(value, database)
    if (tortoise := sys.modules.get("tortoise")) is not None:
        models = [
            value
            for value in classes
            if issubclass(value, tortoise.Model)
            and value.__module__ == tables.__name__
            and not value._meta.abstract
        ]
        return _create_tortoise(tables, models, database)
    if not hasattr(tables, "SCHEMA"):
        raise NoModels(f"{tables.__name__} has no sqlalchemy.MetaData, Tortoise models or SCHEMA")
    _run(tables.SCHEMA[database.url.family], database)
    return None


def _create_metadata(metadata: Any, database: Throwaway) -> list[str]:
    with engine(database).connect() as connection:
        metadata.create_all(connection)
    items = [
        item for table in metadata.tables.values() for item in (*table.constraints, *table.indexes)
    ]
    return [str(item.name) for item in items if isinstance(item.name, str)]


def _create_tortoise(tables: ModuleType, models: list[Any], database: Throwaway) -> list[str]:
    text = asyncio.run(_generated(tables, models, database))
    _run(text.split(";"), database)
    indexes = (index for model in models for index in model._meta.indexes)
    return [index.name for index in indexes if getattr(index, "name", None)]


async def _generated(tables: ModuleType, models: list[Any], database: Throwaway) -> str:
    """Models belong to a context of Tortoise, which the layer makes."""
    context = import_module("tortoise.context")
    layer = import_module(f"{tables.__package__}.layer").Layer(LayerConfig(url=database.url))
    await layer.open()
    try:
        async with layer.reading():
            connections = context.require_context().connections
            client = connections.get(models[0]._meta.default_connection)
            text: str = client.schema_generator(client).get_create_schema_sql(safe=False)
    finally:
        await layer.close()
    return text


def _run(statements: Any, database: Throwaway) -> None:
    with connected(database) as run:
        for statement in statements:
            if statement.strip():
                run(statement)


def statements_of(package: ModuleType, family: str) -> dict[str, str]:
    """The hand-written statements for a family: whatever has a text under each family's name."""
    found: dict[str, str] = {}
    for module in _modules(package):
        for name, value in vars(module).items():
            if all(isinstance(getattr(value, each, None), str | tuple) for each in _FAMILIES):
                for number, text in enumerate(_texts(value, family)):
                    found.setdefault(f"{module.__name__}.{name}[{number}]", text)
    return found


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield import_module(found.name)


def _texts(value: Any, family: str) -> Iterator[str]:
    written = getattr(value, family)
    texts = [written] if isinstance(written, str) else list(written)
    if family == "mysql":
        # A bulk insert comes in three parts: before, for each row, and after.
        row, end = getattr(value, "mysql_row", ""), getattr(value, "mysql_end", "")
        texts = [part for text in texts for part in _marked(text + row + end).split(";")]
    yield from (text for text in texts if text.strip())


def _marked(text: str) -> str:
    """Question marks for parameters, in parentheses where a driver would write a list."""
    text = re.sub(r"\bIN %\(\w+\)s", "IN (?)", text)
    return _FORMATTED.sub("?", text).replace("%%", "%")


if __name__ == "__main__":
    main()
