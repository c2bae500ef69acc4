"""Copies of the tables that a run may change, and how the data set is restored from them.

By SQL on every database: a restore takes as long as what the run has written. PostgreSQL's
`CREATE DATABASE … TEMPLATE` and a copy of SQLite's file would take as long as the data set is
large, after every restart, and MySQL has neither.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields

from bakeoff_bench.loading.databases import Session

TABLE = "bench_dataset"
COUNTED = ("authors", "books", "tags", "users", "orders")
_COPIES = {
    "books": "id",
    "book_tags": "book_id",
    "authors": "id",
    "tags": "id",
    "users": "id",
    "orders": "id",
    "idempotency_keys": "token",
}
_BOOK_COLUMNS = (
    "isbn", "title", "title_key", "author_id", "release_year", "price", "stock", "in_print",
    "attributes", "created_at", "updated_at", "version",
)  # fmt: skip
# Every change of a book, a sale among them, adds one to its version.
_CHANGED = """
    CREATE TEMPORARY TABLE changed AS
    SELECT books.id FROM books JOIN bench_books AS was ON was.id = books.id
    WHERE was.version <> books.version
"""
_IN_CHANGED = "IN (SELECT id FROM changed)"
_UNTAG_CHANGED = f"DELETE FROM book_tags WHERE book_id {_IN_CHANGED}"
_UNTAG = {
    "sqlite": _UNTAG_CHANGED,
    "postgresql": _UNTAG_CHANGED,
    # As a join: MariaDB runs the subquery of a DELETE for each row.
    "mysql": "DELETE book_tags FROM changed JOIN book_tags ON book_tags.book_id = changed.id",
}
_FROM_COPY = (
    f"UPDATE books SET {', '.join(f'{name} = was.{name}' for name in _BOOK_COLUMNS)}"
    f" FROM bench_books AS was WHERE was.id = books.id AND books.id {_IN_CHANGED}"
)
_RESTORE = {
    "sqlite": _FROM_COPY,
    "postgresql": _FROM_COPY,
    "mysql": (
        "UPDATE books JOIN changed ON changed.id = books.id"
        " JOIN bench_books AS was ON was.id = books.id"
        f" SET {', '.join(f'books.{name} = was.{name}' for name in _BOOK_COLUMNS)}"
    ),
}
_NEW_ROWS = "DELETE FROM {0} WHERE {1} NOT IN (SELECT {1} FROM bench_{0})"
_TABLES = (
    "authors, books, tags, book_tags, users, refresh_tokens, orders, order_lines, "
    "idempotency_keys, outbox"
)
_TIDY = {
    "sqlite": ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"),
    "postgresql": (f"VACUUM (ANALYZE) {_TABLES}",),
    # InnoDB purges by itself.
    "mysql": (f"ANALYZE TABLE {_TABLES}",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What was loaded, and how many rows of each of `COUNTED` there are."""

    fingerprint: str
    authors: int
    books: int
    tags: int
    users: int
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """How many rows were removed and restored."""

    books_removed: int
    books_restored: int
    orders_removed: int


_FIELDS = [field.name for field in fields(Snapshot)]


def reserve(session: Session) -> None:
    """Mark the database as the bench's own, before anything is in it."""
    counts = ", ".join(f"{name} BIGINT NOT NULL" for name in COUNTED)
    session.run(f"CREATE TABLE {TABLE} (fingerprint VARCHAR(64) NOT NULL, {counts})")


def is_own(session: Session) -> bool:
    """Whether the bench made the database, or it is empty."""
    tables = session.tables()
    return TABLE in tables or not tables


def read(session: Session) -> Snapshot | None:
    """The snapshot of a database that was loaded to the end, else None."""
    if TABLE not in session.tables():
        return None
    rows = session.rows(f"SELECT {', '.join(_FIELDS)} FROM {TABLE}")
    return Snapshot(**dict(zip(_FIELDS, rows[0], strict=True))) if rows else None


def counted(session: Session, *, fingerprint: str) -> Snapshot:
    """The snapshot that matches the current rows."""
    counts = {name: session.number(f"SELECT count(*) FROM {name}") for name in COUNTED}
    return Snapshot(fingerprint=fingerprint, **counts)


def take(session: Session, snapshot: Snapshot) -> None:
    """Copy what a run may change, and then record that the data set is complete."""
    for table, key in _COPIES.items():
        session.run(f"CREATE TABLE bench_{table} AS SELECT * FROM {table}")
        session.run(f"CREATE INDEX ix_bench_{table} ON bench_{table} ({key})")
    values = ", ".join(["%s"] * len(_FIELDS))
    session.run(f"INSERT INTO {TABLE} ({', '.join(_FIELDS)}) VALUES ({values})", *astuple(snapshot))


def restore(session: Session, snapshot: Snapshot) -> Restored:
    """Bring the tables back to the data set; no one else may be writing.

    The version shows what was changed and is restored last, so an interrupted restore can be
    repeated.
    """
    orders = session.run(_NEW_ROWS.format("orders", "id"))
    session.run("UPDATE orders SET status = 'placed' WHERE status <> 'placed'")
    session.run(_NEW_ROWS.format("idempotency_keys", "token"))
    # The data set has none of these.
    session.run("DELETE FROM refresh_tokens")
    session.run("DELETE FROM outbox")
    books = session.run("DELETE FROM books WHERE id > %s", snapshot.books)
    session.run("DROP TABLE IF EXISTS changed")
    session.run(_CHANGED)
    restored = session.number("SELECT count(*) FROM changed")
    if restored:
        session.run(_UNTAG[session.family])
        session.run(
            f"INSERT INTO book_tags SELECT * FROM bench_book_tags WHERE book_id {_IN_CHANGED}"
        )
        session.run(_RESTORE[session.family])
    session.run("DROP TABLE changed")
    for table in ("users", "tags", "authors"):
        session.run(_NEW_ROWS.format(table, "id"))
    if orders or books or restored:
        tidy(session)
    return Restored(books_removed=books, books_restored=restored, orders_removed=orders)


def tidy(session: Session) -> None:
    """Refresh the planner's statistics, and remove what updates have left behind."""
    for statement in _TIDY[session.family]:
        session.run(statement)
