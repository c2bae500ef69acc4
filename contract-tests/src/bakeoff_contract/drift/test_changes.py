"""Every kind of change that is made to a database alone is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bakeoff_contract.drift.conftest import Models
from bakeoff_contract.drift.connecting import connected
from bakeoff_contract.throwaway import Product, throwaway

# The subjects of the differences to find, and the statements that make them.
Change = tuple[set[str], Sequence[str]]

_CASCADE = """
    ALTER TABLE books ADD CONSTRAINT fk_books_author_id
    FOREIGN KEY (author_id) REFERENCES authors (id) ON DELETE CASCADE
"""
_SERVERS: list[Change] = [
    ({"books.stock"}, ["ALTER TABLE books ALTER stock SET DEFAULT 1"]),
    ({"books.remark"}, ["ALTER TABLE books ADD remark INTEGER"]),
    ({"books: check stock < 7"}, ["ALTER TABLE books ADD CHECK (stock < 7)"]),
    ({"authors.born"}, ["ALTER TABLE authors DROP COLUMN born"]),
    (
        {"books: index (created_at desc, id)"},
        ["CREATE INDEX more ON books (created_at DESC, id)"],
    ),
    ({"shelves"}, ["CREATE TABLE shelves (id INTEGER)"]),
]
_POSTGRESQL: list[Change] = [
    *_SERVERS,
    ({"books.price"}, ["ALTER TABLE books ALTER price TYPE numeric(12, 4)"]),
    ({"authors.name"}, ["ALTER TABLE authors ALTER name TYPE varchar(100)"]),
    ({"tags.name"}, ['ALTER TABLE tags ALTER name TYPE varchar(50) COLLATE "POSIX"']),
    ({"books.updated_at"}, ["ALTER TABLE books ALTER updated_at TYPE timestamp"]),
    ({"books.title"}, ["ALTER TABLE books ALTER title DROP NOT NULL"]),
    ({"tags.id"}, ["ALTER TABLE tags ALTER id DROP IDENTITY"]),
    ({"books: index (price, id)"}, ["DROP INDEX ix_books_price"]),
    ({"books: unique (isbn)"}, ["ALTER TABLE books DROP CONSTRAINT uq_books_isbn"]),
    (
        {"books: foreign key (author_id)"},
        [
            "ALTER TABLE books DROP CONSTRAINT fk_books_author_id",
            _CASCADE,
        ],
    ),
    (
        {"book_tags: primary key"},
        [
            "ALTER TABLE book_tags DROP CONSTRAINT book_tags_pkey",
            "ALTER TABLE book_tags ADD PRIMARY KEY (tag_id, book_id)",
        ],
    ),
]
_MYSQL: list[Change] = [
    *_SERVERS,
    ({"books.price"}, ["ALTER TABLE books MODIFY price DECIMAL(12, 4) NOT NULL"]),
    ({"authors.name"}, ["ALTER TABLE authors MODIFY name VARCHAR(100) NOT NULL"]),
    ({"tags.name"}, ["ALTER TABLE tags MODIFY name VARCHAR(50) COLLATE utf8mb4_bin NOT NULL"]),
    ({"books.updated_at"}, ["ALTER TABLE books MODIFY updated_at DATETIME NOT NULL"]),
    ({"books.title"}, ["ALTER TABLE books MODIFY title VARCHAR(300)"]),
    ({"books: index (price, id)"}, ["DROP INDEX ix_books_price ON books"]),
    ({"books: unique (isbn)"}, ["DROP INDEX uq_books_isbn ON books"]),
    (
        {"books: foreign key (author_id)"},
        [
            "ALTER TABLE books DROP FOREIGN KEY fk_books_author_id",
            _CASCADE,
        ],
    ),
    (
        {"book_tags: primary key", "book_tags: index (book_id)"},
        [
            "ALTER TABLE book_tags ADD INDEX (book_id)",
            "ALTER TABLE book_tags DROP PRIMARY KEY, ADD PRIMARY KEY (tag_id, book_id)",
        ],
    ),
]


def _edited(table: str, old: str, new: str) -> Sequence[str]:
    """SQLite cannot alter a column, but its text can be replaced."""
    return [
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = replace(sql, '{old}', '{new}') WHERE name = '{table}'",
    ]


_SQLITE: list[Change] = [
    ({"books.price"}, _edited("books", "price NUMERIC(10, 2)", "price NUMERIC(12, 4)")),
    ({"authors.name"}, _edited("authors", "name TEXT", "name BLOB")),
    ({"books.title"}, _edited("books", "title TEXT NOT NULL", "title TEXT")),
    ({"books.stock"}, _edited("books", "stock INTEGER", "stock INTEGER DEFAULT 1")),
    ({"tags.id"}, _edited("tags", "AUTOINCREMENT", "")),
    (
        {"tags: unique (name)", "tags: unique (name collate NOCASE)"},
        _edited("tags", "name TEXT", "name TEXT COLLATE NOCASE"),
    ),
    (
        {"books: foreign key (author_id)"},
        _edited("books", "ON DELETE RESTRICT", "ON DELETE CASCADE"),
    ),
    (
        {"books: check stock >= 0", "books: check stock >= 1"},
        _edited("books", "stock >= 0", "stock >= 1"),
    ),
    ({"books.remark"}, ["ALTER TABLE books ADD remark INTEGER"]),
    ({"authors.born"}, ["ALTER TABLE authors DROP COLUMN born"]),
    ({"books: index (price, id)"}, ["DROP INDEX ix_books_price"]),
    (
        {"books: index (created_at desc, id)"},
        ["CREATE INDEX more ON books (created_at DESC, id)"],
    ),
    ({"books: unique (title)"}, ["CREATE UNIQUE INDEX single ON books (title)"]),
    ({"shelves"}, ["CREATE TABLE shelves (id INTEGER)"]),
]
CHANGES: Mapping[Product, list[Change]] = {
    "sqlite": _SQLITE,
    "postgresql": _POSTGRESQL,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
}


def test_every_kind_of_change_is_found(models: Models, server: str) -> None:
    named: set[str] = set()
    with throwaway(server) as database:
        # To read the catalogue takes much longer than to change it, so it is read once for all.
        for subjects, statements in CHANGES[models.product]:
            assert named.isdisjoint(subjects), "one change would be taken for another"
            named |= subjects
            with connected(database) as run:
                for statement in statements:
                    run(statement)
        found = models.differences(database)
    before = models.differences().keys()
    assert found.keys() - before == named - before
