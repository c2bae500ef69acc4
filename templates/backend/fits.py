"""Checked by mypy, never run: the classes of this backend are what the port says."""

from __future__ import annotations

import bakeoff_newlayer.authors
import bakeoff_newlayer.books
import bakeoff_newlayer.layer
import bakeoff_newlayer.orders
import bakeoff_newlayer.reports
import bakeoff_newlayer.users
from bakeoff_schemas import ports

layer: type[ports.DataLayer] = bakeoff_newlayer.layer.Layer
store: type[ports.Store] = bakeoff_newlayer.layer.Store
authors: type[ports.Authors] = bakeoff_newlayer.authors.Authors
books: type[ports.Books] = bakeoff_newlayer.books.Books
users: type[ports.Users] = bakeoff_newlayer.users.Users
orders: type[ports.Orders] = bakeoff_newlayer.orders.Orders
reports: type[ports.Reports] = bakeoff_newlayer.reports.Reports
