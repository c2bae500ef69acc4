"""What a database of the bench says of itself, and the copies that it can be put back from."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields

from bakeoff_bench.loading.session import Session

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What was loaded, and how many rows of each of `COUNTED` there are."""

    fingerprint: str
    authors: int
    books: int
    tags: int
    users: int
    orders: int


_COLUMNS = ", ".join(field.name for field in fields(Mark))


def reserve(session: Session) -> None:
    """Say that the database is the bench's own, before anything is in it."""
    counts = ", ".join(f"{name} BIGINT NOT NULL" for name in COUNTED)
    session.run(f"CREATE TABLE {TABLE} (fingerprint VARCHAR(64) NOT NULL, {counts})")


def read(session: Session) -> Mark | None:
    """The mark of a database that was loaded to the end, else None."""
    rows = session.rows(f"SELECT {_COLUMNS} FROM {TABLE}")
    return Mark(**dict(zip((f.name for f in fields(Mark)), rows[0], strict=True))) if rows else None


def counted(session: Session, *, fingerprint: str) -> Mark:
    """The mark that fits what is there now."""
    counts = {name: session.number(f"SELECT count(*) FROM {name}") for name in COUNTED}
    return Mark(fingerprint=fingerprint, **counts)


def finish(session: Session, mark: Mark) -> None:
    """Copy what a run may change, and then say that everything is there."""
    for table, key in _COPIES.items():
        session.run(f"CREATE TABLE bench_{table} AS SELECT * FROM {table}")
        session.run(f"CREATE INDEX ix_bench_{table} ON bench_{table} ({key})")
    places = ", ".join(["%s"] * len(fields(Mark)))
    session.run(f"INSERT INTO {TABLE} ({_COLUMNS}) VALUES ({places})", *astuple(mark))
