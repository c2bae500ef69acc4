"""The index that one database alone has."""

from __future__ import annotations

from tortoise.backends.base.schema_generator import BaseSchemaGenerator
from tortoise.indexes import Index
from tortoise.models import Model


class DescendingIndex(Index):
    """Downwards with nulls last, for PostgreSQL; to the others nulls are lowest already."""

    @property
    def field_names(self) -> list[str]:
        first, *others = self.fields
        return [f"{first} DESC NULLS LAST", *(f"{name} DESC" for name in others)]

    def get_sql(self, schema_generator: BaseSchemaGenerator, model: type[Model], safe: bool) -> str:
        if schema_generator.DIALECT != "postgres":
            return ""
        return super().get_sql(schema_generator, model, safe)
