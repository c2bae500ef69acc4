"""Checked by mypy, never run: the classes of this backend are what the port says."""

from __future__ import annotations

import bakeoff_sqlalchemy.authors
import bakeoff_sqlalchemy.books
import bakeoff_sqlalchemy.layer
import bakeoff_sqlalchemy.orders
import bakeoff_sqlalchemy.reports
import bakeoff_sqlalchemy.users
from bakeoff_schemas import ports

layer: type[ports.DataLayer] = bakeoff_sqlalchemy.layer.Layer
store: type[ports.Store] = bakeoff_sqlalchemy.layer.Store
authors: type[ports.Authors] = bakeoff_sqlalchemy.authors.Authors
books: type[ports.Books] = bakeoff_sqlalchemy.books.Books
users: type[ports.Users] = bakeoff_sqlalchemy.users.Users
orders: type[ports.Orders] = bakeoff_sqlalchemy.orders.Orders
reports: type[ports.Reports] = bakeoff_sqlalchemy.reports.Reports
