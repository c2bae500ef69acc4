"""Takes away what a run has written, and puts back what it has changed."""

from __future__ import annotations

from dataclasses import dataclass

from bakeoff_bench.loading import upkeep
from bakeoff_bench.loading.mark import Mark
from bakeoff_bench.loading.session import Session

_COLUMNS = (
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
_NEW = "DELETE FROM {0} WHERE id NOT IN (SELECT id FROM bench_{0})"
_NEW_KEYS = (
    "DELETE FROM idempotency_keys WHERE token NOT IN (SELECT token FROM bench_idempotency_keys)"
)
_FROM_COPY = (
    f"UPDATE books SET {', '.join(f'{name} = was.{name}' for name in _COLUMNS)}"
    f" FROM bench_books AS was WHERE was.id = books.id AND books.id {_IN_CHANGED}"
)
_UNTAG = {
    "sqlite": _UNTAG_CHANGED,
    "postgresql": _UNTAG_CHANGED,
    # As a join: for each row that a DELETE might meet, MariaDB runs a subquery in it.
    "mysql": "DELETE book_tags FROM changed JOIN book_tags ON book_tags.book_id = changed.id",
}
_RESTORE = {
    "sqlite": _FROM_COPY,
    "postgresql": _FROM_COPY,
    "mysql": (
        "UPDATE books JOIN changed ON changed.id = books.id"
        " JOIN bench_books AS was ON was.id = books.id"
        f" SET {', '.join(f'books.{name} = was.{name}' for name in _COLUMNS)}"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """How many rows there were to see to."""

    books_removed: int
    books_restored: int
    orders_removed: int


def clean(session: Session, mark: Mark) -> Cleaned:
    """Bring the tables back to the data set; nobody else may be writing.

    The version tells what was changed, and is restored last, so that this can be begun again.
    """
    orders = session.run(_NEW.format("orders"))
    session.run("UPDATE orders SET status = 'placed' WHERE status <> 'placed'")
    session.run(_NEW_KEYS)
    books = session.run("DELETE FROM books WHERE id > %s", mark.books)
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
        session.run(_NEW.format(table))
    if orders or books or restored:
        upkeep.tidy(session)
    return Cleaned(books_removed=books, books_restored=restored, orders_removed=orders)
