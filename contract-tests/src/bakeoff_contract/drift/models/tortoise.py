"""Models of Tortoise ORM, by its own generator of schemas."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from bakeoff_contract.drift.connecting import connected
from bakeoff_contract.throwaway import Throwaway
from bakeoff_schemas.config import LayerConfig


def found_in(tables: ModuleType) -> Callable[[Throwaway], frozenset[str]] | None:
    """`generate_schemas`, if the module has models."""
    library = sys.modules.get("tortoise")
    if library is None:
        return None
    values: list[Any] = [value for value in vars(tables).values() if isinstance(value, type)]
    models = [
        value
        for value in values
        if issubclass(value, library.Model)
        and value.__module__ == tables.__name__
        and not value._meta.abstract
    ]
    return partial(_create, tables, models) if models else None


def _create(tables: ModuleType, models: list[Any], database: Throwaway) -> frozenset[str]:
    text = asyncio.run(_generated(tables, models, database))
    with connected(database) as run:
        for statement in text.split(";"):
            if statement.strip():
                run(statement)
    indexes = (index for model in models for index in model._meta.indexes)
    return frozenset(index.name for index in indexes if getattr(index, "name", None))


async def _generated(tables: ModuleType, models: list[Any], database: Throwaway) -> str:
    """Models belong to a context, and it is the layer that makes one."""
    context = import_module("tortoise.context")
    make_layer = import_module(f"{tables.__package__}.layer").Layer
    layer = make_layer(LayerConfig(url=database.url))
    await layer.open()
    try:
        async with layer.reading():
            connections = context.require_context().connections
            client = connections.get(models[0]._meta.default_connection)
            text: str = client.schema_generator(client).get_create_schema_sql(safe=False)
    finally:
        await layer.close()
    return text
