"""What is stored after a run, read through a fresh connection and through the API."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bakeoff_contract.api import Api
from bakeoff_contract.drift.connecting import connected
from bakeoff_contract.throwaway import Throwaway


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBook:
    """A book, as far as the load works on it."""

    isbn: str | None
    title: str
    version: int
    stock: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOrder:
    """An order: copies by the id of the book; no answer shows `key`, its Idempotency-Key."""

    status: str
    copies: Mapping[int, int]
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """All books and orders by their ids."""

    books: Mapping[int, StoredBook]
    orders: Mapping[str, StoredOrder]


def from_database(database: Throwaway) -> Stored:
    """Read the tables."""
    with connected(database) as run:
        books = run("SELECT id, isbn, title, version, stock FROM books")
        orders = run("SELECT id, status, idempotency_key FROM orders")
        lines = run("SELECT order_id, book_id, quantity FROM order_lines")
    copies: dict[str, dict[int, int]] = {}
    for order, book, quantity in lines:
        copies.setdefault(str(order), {})[book] = quantity
    return Stored(
        books={
            book: StoredBook(isbn=isbn, title=title, version=version, stock=stock)
            for book, isbn, title, version, stock in books
        },
        orders={
            str(order): StoredOrder(status=status, copies=copies.get(str(order), {}), key=key)
            for order, status, key in orders
        },
    )


def from_api(api: Api, customers: Collection[str]) -> Stored:
    """Read the export, and all pages of the orders of these customers."""
    books = [json.loads(line) for line in api.get("/books/export").text.splitlines()]
    orders = [order for each in customers for order in api.walk("/orders", customer_id=each)]
    return Stored(
        books={
            book["id"]: StoredBook(
                isbn=book["isbn"],
                title=book["title"],
                version=book["version"],
                stock=book["stock"],
            )
            for book in books
        },
        orders={
            order["id"]: StoredOrder(
                status=order["status"],
                copies={line["book_id"]: line["quantity"] for line in order["lines"]},
            )
            for order in orders
        },
    )


def differences(database: Stored, api: Stored) -> list[str]:
    """What the API shows otherwise than it is stored."""
    stored_orders = {id_: replace(order, key=None) for id_, order in database.orders.items()}
    return [
        *_differing("book", database.books, api.books),
        *_differing("order", stored_orders, api.orders),
    ]


def _differing(what: str, stored: Mapping[Any, object], shown: Mapping[Any, object]) -> list[str]:
    return [
        f"{what} {id_} is stored as {stored.get(id_)} and shown as {shown.get(id_)}"
        for id_ in sorted({*stored, *shown}, key=str)
        if stored.get(id_) != shown.get(id_)
    ]
