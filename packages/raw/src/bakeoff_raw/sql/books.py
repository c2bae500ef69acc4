"""The statements of the books."""

from __future__ import annotations

from bakeoff_raw.sql.bulk import bulk
from bakeoff_raw.sql.catalogue import LISTINGS
from bakeoff_raw.sql.pages import page_of_chosen_sql
from bakeoff_raw.sql.statement import Statement, statement
from bakeoff_raw.tables import BOOK
from bakeoff_schemas.records import Window

COLUMNS = {
    "isbn": "text",
    "title": "text",
    "title_key": "text",
    "author_id": "bigint",
    "release_year": "smallint",
    "price": "numeric",
    "stock": "integer",
    "in_print": "boolean",
    "attributes": "jsonb",
}


def _reading(rest: str, *, postgresql: str | None = None) -> Statement:
    """Whole books, with author and tags."""
    texts = {
        family: f"SELECT {columns} FROM books JOIN authors ON authors.id = books.author_id {rest}"
        for family, columns in BOOK.items()
    }
    return statement(
        postgresql=postgresql or texts["postgresql"],
        mysql=texts["mysql"],
        sqlite=texts["sqlite"],
    )


GET = _reading("WHERE books.id = :id")
_NEXT = "WHERE books.id > :after ORDER BY books.id LIMIT :limit"
EXPORT = _reading(
    _NEXT,
    postgresql=page_of_chosen_sql(
        LISTINGS["postgresql"],
        f"SELECT books.* FROM books {_NEXT}",
        where=(),
        order="books.id",
        window=Window(),
    ),
)
VERSION = statement("SELECT version FROM books WHERE id = :id")
OTHER_WITH_ISBN = statement("SELECT 1 FROM books WHERE isbn = :isbn AND id <> :id")
FIND_ISBNS = statement("SELECT isbn, id FROM books WHERE isbn IN :isbns")
FIND_IDENTITIES = statement(
    "SELECT title, author_id, release_year FROM books WHERE title IN :titles AND isbn IS NULL"
)
AUTHOR_NAMES = statement("SELECT id, name FROM authors WHERE id IN :ids")

_INSERT = f"""
    INSERT INTO books ({", ".join(COLUMNS)}, version, created_at, updated_at)
    VALUES ({", ".join(f":{name}" for name in COLUMNS)}, 1, :at, :at)
"""
_ASSIGN = ", ".join(f"{name} = :{name}" for name in COLUMNS)
_AUTHOR_NAME = "(SELECT name FROM authors WHERE authors.id = books.author_id)"

# The id, the author's name, and how many of the tags existed and are linked now. SQLite cannot
# insert into two tables at once.
CREATE = statement(
    postgresql=f"""
        WITH book AS ({_INSERT} RETURNING id, author_id),
        linked AS (
            INSERT INTO book_tags (book_id, tag_id)
            SELECT book.id, tags.id FROM book, tags WHERE tags.name IN :tags RETURNING 1
        )
        SELECT book.id, authors.name, (SELECT count(*) FROM linked)
        FROM book LEFT JOIN authors ON authors.id = book.author_id
    """,
    mysql=f"""
        {_INSERT};
        INSERT INTO book_tags (book_id, tag_id)
        SELECT LAST_INSERT_ID(), tags.id FROM tags WHERE tags.name IN :tags;
        SELECT LAST_INSERT_ID(), authors.name, ROW_COUNT() FROM authors WHERE id = :author_id
    """,
    sqlite=f"{_INSERT} RETURNING id, {_AUTHOR_NAME}, NULL",
)
CREATE_BULK = bulk(
    "books",
    {
        **COLUMNS,
        "version": "bigint",
        "created_at": "timestamptz",
        "updated_at": "timestamptz",
    },
    identity=True,
)
UPSERT = statement(
    f"""
        {_INSERT} ON CONFLICT (isbn) DO UPDATE SET {_ASSIGN},
            version = books.version + 1, updated_at = :at
        RETURNING id, version, created_at, {_AUTHOR_NAME}
    """,
    mysql=f"""
        {_INSERT} ON DUPLICATE KEY UPDATE {_ASSIGN}, version = version + 1, updated_at = :at;
        SELECT id, version, created_at, {_AUTHOR_NAME} FROM books WHERE isbn = :isbn
    """,
)
TOUCH = "version = version + 1, updated_at = :at"
_REPLACE = f"UPDATE books SET {_ASSIGN}, {TOUCH} WHERE id = :id"
_DELETE = "DELETE FROM books WHERE id = :id"


def _replacing(condition: str) -> Statement:
    return statement(
        f"{_REPLACE}{condition} RETURNING version, created_at, {_AUTHOR_NAME}",
        mysql=f"""
            {_REPLACE}{condition};
            SELECT version, created_at, {_AUTHOR_NAME} FROM books
            WHERE id = :id AND ROW_COUNT() > 0
        """,
    )


REPLACE = _replacing("")
REPLACE_EXPECTED = _replacing(" AND version IN :expected")
DELETE = statement(_DELETE)
DELETE_EXPECTED = statement(f"{_DELETE} AND version IN :expected")

LINK = statement("""
    INSERT INTO book_tags (book_id, tag_id) SELECT :id::bigint, tags.id FROM tags
    WHERE tags.name IN :tags AND NOT EXISTS (
        SELECT 1 FROM book_tags WHERE book_tags.book_id = :id AND book_tags.tag_id = tags.id
    )
""")
# How many of the tags exist, and are linked now.
RELINK = statement(
    """
        DELETE FROM book_tags WHERE book_id = :id
        AND tag_id NOT IN (SELECT tags.id FROM tags WHERE tags.name IN :tags);
        INSERT INTO book_tags (book_id, tag_id) SELECT :id, tags.id FROM tags
        WHERE tags.name IN :tags AND NOT EXISTS (
            SELECT 1 FROM book_tags WHERE book_tags.book_id = :id AND book_tags.tag_id = tags.id
        );
        SELECT count(*) FROM book_tags WHERE book_id = :id
    """,
    postgresql="""
        WITH wanted AS MATERIALIZED (SELECT id FROM tags WHERE name IN :tags),
        removed AS (
            DELETE FROM book_tags
            WHERE book_id = :id AND tag_id NOT IN (SELECT id FROM wanted)
        ), added AS (
            INSERT INTO book_tags (book_id, tag_id) SELECT :id::bigint, id FROM wanted
            ON CONFLICT DO NOTHING
        )
        SELECT count(*) FROM wanted
    """,
)
TAGS = statement("SELECT name, id FROM tags WHERE name IN :tags")
CREATE_TAGS = bulk(
    "tags",
    {"name": "text"},
    unless="ON CONFLICT (name) DO NOTHING",
    # IGNORE would warn of each, which costs aiomysql a round trip.
    mysql_unless="ON DUPLICATE KEY UPDATE name = name",
)
CREATE_LINKS = bulk("book_tags", {"book_id": "bigint", "tag_id": "bigint"})
