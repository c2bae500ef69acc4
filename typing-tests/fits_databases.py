"""Checked by mypy, never run: the classes of this backend are what the port says."""

from __future__ import annotations

import bakeoff_databases.authors
import bakeoff_databases.books
import bakeoff_databases.layer
import bakeoff_databases.orders
import bakeoff_databases.reports
import bakeoff_databases.users
from bakeoff_schemas import ports

layer: type[ports.DataLayer] = bakeoff_databases.layer.Layer
store: type[ports.Store] = bakeoff_databases.layer.Store
authors: type[ports.Authors] = bakeoff_databases.authors.Authors
books: type[ports.Books] = bakeoff_databases.books.Books
users: type[ports.Users] = bakeoff_databases.users.Users
orders: type[ports.Orders] = bakeoff_databases.orders.Orders
reports: type[ports.Reports] = bakeoff_databases.reports.Reports
