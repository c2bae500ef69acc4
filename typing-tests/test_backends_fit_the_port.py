"""Checked by mypy, never run: every backend's classes are what the port says they are."""

from __future__ import annotations

import bakeoff_memory.authors
import bakeoff_memory.books
import bakeoff_memory.layer
import bakeoff_memory.orders
import bakeoff_memory.reports
import bakeoff_memory.users
import bakeoff_raw.authors
import bakeoff_raw.books
import bakeoff_raw.layer
import bakeoff_raw.orders
import bakeoff_raw.reports
import bakeoff_raw.users
import bakeoff_sqlalchemy.authors
import bakeoff_sqlalchemy.books
import bakeoff_sqlalchemy.layer
import bakeoff_sqlalchemy.orders
import bakeoff_sqlalchemy.reports
import bakeoff_sqlalchemy.users
from bakeoff_schemas import ports

layers: list[type[ports.DataLayer]] = [
    bakeoff_memory.layer.Layer,
    bakeoff_raw.layer.Layer,
    bakeoff_sqlalchemy.layer.Layer,
]
stores: list[type[ports.Store]] = [
    bakeoff_memory.layer.Store,
    bakeoff_raw.layer.Store,
    bakeoff_sqlalchemy.layer.Store,
]
authors: list[type[ports.Authors]] = [
    bakeoff_memory.authors.Authors,
    bakeoff_raw.authors.Authors,
    bakeoff_sqlalchemy.authors.Authors,
]
books: list[type[ports.Books]] = [
    bakeoff_memory.books.Books,
    bakeoff_raw.books.Books,
    bakeoff_sqlalchemy.books.Books,
]
users: list[type[ports.Users]] = [
    bakeoff_memory.users.Users,
    bakeoff_raw.users.Users,
    bakeoff_sqlalchemy.users.Users,
]
orders: list[type[ports.Orders]] = [
    bakeoff_memory.orders.Orders,
    bakeoff_raw.orders.Orders,
    bakeoff_sqlalchemy.orders.Orders,
]
reports: list[type[ports.Reports]] = [
    bakeoff_memory.reports.Reports,
    bakeoff_raw.reports.Reports,
    bakeoff_sqlalchemy.reports.Reports,
]
