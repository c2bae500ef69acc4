"""Checked by mypy, never run: the classes of this backend are what the port says."""

from __future__ import annotations

import bakeoff_memory.authors
import bakeoff_memory.books
import bakeoff_memory.layer
import bakeoff_memory.orders
import bakeoff_memory.reports
import bakeoff_memory.users
from bakeoff_schemas import ports

layer: type[ports.DataLayer] = bakeoff_memory.layer.Layer
store: type[ports.Store] = bakeoff_memory.layer.Store
authors: type[ports.Authors] = bakeoff_memory.authors.Authors
books: type[ports.Books] = bakeoff_memory.books.Books
users: type[ports.Users] = bakeoff_memory.users.Users
orders: type[ports.Orders] = bakeoff_memory.orders.Orders
reports: type[ports.Reports] = bakeoff_memory.reports.Reports
