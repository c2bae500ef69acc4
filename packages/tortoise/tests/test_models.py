"""The models are written by hand: they must say of the tables what the migrations made of them."""

from __future__ import annotations

from typing import Any

import pytest
from tortoise.models import Model

from bakeoff_schemas.config import LayerConfig
from bakeoff_tortoise import tables
from bakeoff_tortoise.engine.client import Client
from bakeoff_tortoise.engine.context import context_of

pytestmark = pytest.mark.anyio

MODELS = [
    each for each in vars(tables).values() if isinstance(each, type) and issubclass(each, Model)
]
MODELS.remove(Model)


async def test_the_models_name_every_column_and_which_may_be_null(place: Any) -> None:
    with await context_of(LayerConfig(url=place.url)) as context:
        client = context.db()
        assert isinstance(client, Client)
        connection = await client.connect()
        unit = client.unit_class(client, connection)
        for model in MODELS:
            table = model._meta.db_table
            assert _described(model) == await _there(unit, place.url.family, table), table
        await client.hang_up(connection)


def _described(model: type[Model]) -> dict[str, bool]:
    told = model.describe()
    fields = [told["pk_field"], *told["data_fields"]]
    return {field["db_column"]: field["nullable"] for field in fields}


async def _there(unit: Any, family: str, table: str) -> dict[str, bool]:
    if family == "sqlite":
        columns = await unit.execute_query_dict(f"PRAGMA table_info({table})")
        return {each["name"]: not each["notnull"] and not each["pk"] for each in columns}
    schema = {"postgresql": "current_schema()", "mysql": "database()"}[family]
    columns = await unit.execute_query_dict(
        "SELECT column_name AS name, is_nullable AS nullable FROM information_schema.columns "
        f"WHERE table_schema = {schema} AND table_name = '{table}'"
    )
    return {each["name"]: each["nullable"] == "YES" for each in columns}
