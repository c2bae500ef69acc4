"""Where Tortoise looks for its connections: one context for each layer, any number at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tortoise.context import TortoiseContext, require_context
from tortoise.models import MetaInfo, Model

from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import Family

_ENGINES = {
    "sqlite": "bakeoff_tortoise.engine.sqlite",
    "postgresql": "bakeoff_tortoise.engine.postgresql",
    "mysql": "bakeoff_tortoise.engine.mysql",
}


class LayerContext(TortoiseContext):
    """A context that knows what its database speaks before its models do."""

    def __init__(self, family: Family) -> None:
        super().__init__()
        self.family = family


async def context_of(config: LayerConfig) -> LayerContext:
    """A context that knows the models and one database; nothing connects yet.

    Connections are named after the family, for Tortoise keeps statements by name and table.
    """
    family = config.database().family
    context = LayerContext(family)
    with context:
        await context.init(
            {
                "connections": {
                    family: {"engine": _ENGINES[family], "credentials": {"config": config}}
                },
                "apps": {
                    "bookstore": {
                        "models": ["bakeoff_tortoise.tables"],
                        "default_connection": family,
                    }
                },
            },
            use_tz=True,
            timezone="UTC",
        )
    return context


def current_family() -> Family:
    """The family of database that the statements of this task are for."""
    context = require_context()
    assert isinstance(context, LayerContext)
    return context.family


_KEPT: dict[tuple[str, str, str], Any] = {}


def _kept(name: str, make: Callable[[MetaInfo], Any]) -> Any:
    """An attribute that has a value for each family of database."""

    def get(meta: MetaInfo) -> Any:
        key = (meta.db_table, name, current_family())
        if key not in _KEPT:
            _KEPT[key] = make(meta)
        return _KEPT[key]

    def put(meta: MetaInfo, value: Any) -> None:
        _KEPT[meta.db_table, name, current_family()] = value

    return property(get, put)


def _filters(meta: MetaInfo) -> dict[str, Any]:
    """Those on many-to-many relations are added once, by the context that comes first."""
    known = (
        kept
        for (table, name, _), kept in _KEPT.items()
        if (table, name) == (meta.db_table, "filters")
    )
    return {**next(known, {})}


class _MetaOfEachFamily(MetaInfo):
    """workaround(tortoise-one-dialect): a model speaks the dialect of the context made last.

    Whatever the context may be, its prepared queries, operators and converters are kept once for
    the whole process.
    """

    __slots__ = ()

    default_connection = property(lambda _: current_family(), lambda *_: None)
    basequery = _kept("basequery", lambda _: None)
    basequery_all_fields = _kept("basequery_all_fields", lambda _: None)
    filters = _kept("filters", _filters)
    db_native_fields = _kept("db_native_fields", lambda _: [])
    db_default_fields = _kept("db_default_fields", lambda _: [])
    db_complex_fields = _kept("db_complex_fields", lambda _: [])


def of_each_family(*models: type[Model]) -> None:
    """Let these models be used with several families of database in one process."""
    for model in models:
        model._meta.__class__ = _MetaOfEachFamily
