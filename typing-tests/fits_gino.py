"""Checked by mypy, never run: the classes of this backend are what the port says."""

from __future__ import annotations

import bakeoff_gino.authors
import bakeoff_gino.books
import bakeoff_gino.layer
import bakeoff_gino.orders
import bakeoff_gino.reports
import bakeoff_gino.users
from bakeoff_schemas import ports

layer: type[ports.DataLayer] = bakeoff_gino.layer.Layer
store: type[ports.Store] = bakeoff_gino.layer.Store
authors: type[ports.Authors] = bakeoff_gino.authors.Authors
books: type[ports.Books] = bakeoff_gino.books.Books
users: type[ports.Users] = bakeoff_gino.users.Users
orders: type[ports.Orders] = bakeoff_gino.orders.Orders
reports: type[ports.Reports] = bakeoff_gino.reports.Reports
