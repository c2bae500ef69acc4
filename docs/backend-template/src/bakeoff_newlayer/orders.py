"""The orders: stock moves under locks, and a key that was used is answered again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bakeoff_newlayer.tables import Tables
from bakeoff_schemas.records import NewOrder, Order, Page, Placed, Window


class Orders:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def place(self, order: NewOrder) -> Placed:
        raise NotImplementedError

    async def get(self, order_id: UUID) -> Order:
        raise NotImplementedError

    async def list(self, *, customer_id: UUID | None, window: Window) -> Page[Order]:
        raise NotImplementedError

    async def cancel(self, order_id: UUID, *, at: datetime) -> Order:
        raise NotImplementedError
