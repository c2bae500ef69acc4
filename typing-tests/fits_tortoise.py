"""Checked by mypy, never run: the classes of this backend are what the port says."""

from __future__ import annotations

import bakeoff_tortoise.authors
import bakeoff_tortoise.books
import bakeoff_tortoise.layer
import bakeoff_tortoise.orders
import bakeoff_tortoise.reports
import bakeoff_tortoise.users
from bakeoff_schemas import ports

layer: type[ports.DataLayer] = bakeoff_tortoise.layer.Layer
store: type[ports.Store] = bakeoff_tortoise.layer.Store
authors: type[ports.Authors] = bakeoff_tortoise.authors.Authors
books: type[ports.Books] = bakeoff_tortoise.books.Books
users: type[ports.Users] = bakeoff_tortoise.users.Users
orders: type[ports.Orders] = bakeoff_tortoise.orders.Orders
reports: type[ports.Reports] = bakeoff_tortoise.reports.Reports
