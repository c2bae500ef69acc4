"""The most statements an operation may send, on every backend and every database alike.

A good object mapper needs this many: a statement each for a row, what it refers to and what refers
to it. Exact figures for each backend are in its baseline, where growth shows.
"""

from __future__ import annotations

import re

_USERS = re.compile(r"\b(?:FROM|JOIN)\s+[\"`]?users\b", re.IGNORECASE)
_OVERHEAD = (
    *("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"),
    *("SET", "RESET", "DISCARD", "PRAGMA"),
    *("COM_PING", "COM_INIT_DB", "COM_RESET_CONNECTION", "COM_CHANGE_USER"),
)
# A variant that is not listed has the cap of its operation. BEGIN and COMMIT count as two.
# In bulk, a statement takes at least 250 rows, also of tags, and ids may need another statement.
_CAPS = {
    "authors.get": 1,
    "authors.list": 1,
    "authors.list[include_total]": 2,
    "authors.find_names": 1,
    "authors.find_ids": 1,
    "authors.create": 4,
    "authors.change": 5,
    "authors.delete": 3,
    "authors.create_bulk": 4,
    "authors.create_bulk[1000]": 10,
    "books.get": 2,
    "books.list": 3,
    "books.list[include_total]": 4,
    "books.list[tag, include_total, limit=1]": 4,
    "books.list[tag, include_total, limit=100]": 4,
    "books.list[by release_year, also those without]": 6,
    "books.export": 3,
    "books.find_isbns": 1,
    "books.find_identities": 1,
    "books.create": 7,
    "books.create[new tags]": 10,
    "books.replace": 8,
    "books.change": 5,
    "books.change[tags]": 8,
    "books.delete": 3,
    "books.create_bulk": 8,
    "books.create_bulk[1000]": 20,
    "books.upsert": 8,
    "users.get": 1,
    "users.list": 1,
    "users.list[include_total]": 2,
    "users.create": 3,
    "users.delete": 3,
    "users.find_login": 1,
    "users.get_login": 1,
    "users.set_password_hash": 4,
    "users.set_admin": 4,
    "tokens.add": 4,
    "tokens.use": 4,
    "tokens.use[again]": 5,
    "tokens.revoke": 3,
    "tokens.delete_expired": 3,
    "orders.get": 2,
    "orders.list": 2,
    "orders.list[customer, include_total]": 3,
    "orders.place": 7,
    "orders.place[key]": 8,
    "orders.cancel": 8,
    "reports.sales_by_author": 1,
    "reports.prices_by_tag": 1,
}


def of(name: str) -> int:
    """The cap on statements and on round trips, with BEGIN and COMMIT."""
    return _CAPS[name] if name in _CAPS else _CAPS[name.partition("[")[0]]


def verb(statement: str) -> str:
    """The first word."""
    return statement.split(maxsplit=1)[0].upper()


def is_overhead(statement: str) -> bool:
    """Whether the statement reads and writes no data."""
    return verb(statement) in _OVERHEAD


def reads_users(statement: str) -> bool:
    """Whether the statement selects from users."""
    return _USERS.search(statement) is not None
