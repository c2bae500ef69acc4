"""Checked by mypy, never run: the classes of this backend are what the port says."""

from __future__ import annotations

import bakeoff_raw.authors
import bakeoff_raw.books
import bakeoff_raw.layer
import bakeoff_raw.orders
import bakeoff_raw.reports
import bakeoff_raw.users
from bakeoff_schemas import ports

layer: type[ports.DataLayer] = bakeoff_raw.layer.Layer
store: type[ports.Store] = bakeoff_raw.layer.Store
authors: type[ports.Authors] = bakeoff_raw.authors.Authors
books: type[ports.Books] = bakeoff_raw.books.Books
users: type[ports.Users] = bakeoff_raw.users.Users
orders: type[ports.Orders] = bakeoff_raw.orders.Orders
reports: type[ports.Reports] = bakeoff_raw.reports.Reports
