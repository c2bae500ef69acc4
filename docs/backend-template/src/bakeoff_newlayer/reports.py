"""The reports: exact to the cent."""

from __future__ import annotations

import builtins
from datetime import datetime

from bakeoff_newlayer.tables import Tables
from bakeoff_schemas.records import AuthorSales, TagPrices


class Reports:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def sales_by_author(
        self, *, since: datetime | None, until: datetime | None, limit: int
    ) -> builtins.list[AuthorSales]:
        raise NotImplementedError

    async def prices_by_tag(self) -> builtins.list[TagPrices]:
        raise NotImplementedError
