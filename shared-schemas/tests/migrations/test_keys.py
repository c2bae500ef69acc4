"""What each server's own catalogue says of keys, indexes and checks, against the contract."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

# The columns in order; the name of a primary key is the server's affair.
UNIQUE_KEYS = {
    ("authors", "primary"): "id",
    ("books", "primary"): "id",
    ("books", "uq_books_isbn"): "isbn",
    ("tags", "primary"): "id",
    ("tags", "uq_tags_name"): "name",
    ("book_tags", "primary"): "book_id, tag_id",
    ("users", "primary"): "id",
    ("users", "uq_users_username_key"): "username_key",
    ("users", "uq_users_email"): "email",
    ("refresh_tokens", "primary"): "digest",
    ("idempotency_keys", "primary"): "token",
    ("orders", "primary"): "id",
    ("orders", "uq_orders_idempotency_key"): "idempotency_key",
    ("order_lines", "primary"): "order_id, position",
    ("order_lines", "uq_order_lines_book"): "order_id, book_id",
    ("outbox", "primary"): "id",
    ("outbox", "uq_outbox_position"): "position",
}

INDEXES = {
    ("authors", "ix_authors_name"): "name, id",
    ("books", "ix_books_author_id"): "author_id, id",
    ("books", "ix_books_title"): "title, id",
    ("books", "ix_books_release_year"): "release_year, id",
    ("books", "ix_books_price"): "price, id",
    ("books", "ix_books_created_at"): "created_at, id",
    ("book_tags", "ix_book_tags_tag_id"): "tag_id, book_id",
    ("users", "ix_users_created_at"): "created_at, id",
    ("refresh_tokens", "ix_refresh_tokens_user_id"): "user_id",
    ("refresh_tokens", "ix_refresh_tokens_family"): "family",
    ("refresh_tokens", "ix_refresh_tokens_expires_at"): "expires_at",
    ("orders", "ix_orders_customer_id"): "customer_id, placed_at, id",
    ("orders", "ix_orders_placed_at"): "placed_at, id",
    ("order_lines", "ix_order_lines_book_id"): "book_id",
    ("outbox", "ix_outbox_unpublished"): "position, created_at, id",
    ("outbox", "ix_outbox_due_at"): "due_at, created_at, id",
    ("outbox", "ix_outbox_failed_at"): "failed_at, id",
}

POSTGRESQL_INDEXES = {
    ("books", "ix_books_release_year_desc"): "release_year DESC NULLS LAST, id DESC"
}

FOREIGN_KEYS = {
    ("books", "fk_books_author_id", "author_id", "authors.id", "RESTRICT"),
    ("book_tags", "fk_book_tags_book_id", "book_id", "books.id", "CASCADE"),
    ("book_tags", "fk_book_tags_tag_id", "tag_id", "tags.id", "RESTRICT"),
    ("refresh_tokens", "fk_refresh_tokens_user_id", "user_id", "users.id", "CASCADE"),
    ("orders", "fk_orders_customer_id", "customer_id", "users.id", "RESTRICT"),
    (
        "orders",
        "fk_orders_idempotency_key",
        "idempotency_key",
        "idempotency_keys.token",
        "RESTRICT",
    ),
    ("order_lines", "fk_order_lines_order_id", "order_id", "orders.id", "CASCADE"),
    ("order_lines", "fk_order_lines_book_id", "book_id", "books.id", "RESTRICT"),
}

NAMED_FOREIGN_KEY = re.compile(r"CONSTRAINT (\w+) FOREIGN KEY ?\((\w+)\)")


def _sqlite_keys(database: Any) -> list[tuple[Any, ...]]:
    """SQLite forgets the name of a unique constraint in its catalogue, but keeps the statement."""
    rows = database.run(
        """
        SELECT m.name, l.name, l.origin, l."unique", group_concat(c.name, ', '), m.sql
        FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) c
        WHERE m.type = 'table' AND m.name <> 'alembic_version' GROUP BY m.name, l.name
        """
    )
    named = {
        (table, columns): name
        for table, *_, sql in rows
        for name, columns in re.findall(r"CONSTRAINT (\w+) UNIQUE \(([^)]*)\)", sql)
    }
    keys: list[tuple[Any, ...]] = []
    for table, index, origin, unique, columns, _ in rows:
        name = {"pk": "primary", "u": named.get((table, columns))}.get(origin, index)
        keys.append((table, name, unique, columns))
    # A rowid is a key without an index.
    rowids = database.run(
        "SELECT m.name, 'primary', 1, c.name FROM sqlite_master m, pragma_table_info(m.name) c "
        "WHERE m.type = 'table' AND c.pk AND c.type = 'INTEGER' "
        "AND m.sql LIKE '% PRIMARY KEY AUTOINCREMENT%'"
    )
    return [*keys, *rowids]


KEYS = {
    "postgresql": """
        SELECT x.indrelid::regclass::text,
               CASE WHEN x.indisprimary THEN 'primary' ELSE i.relname END,
               x.indisunique,
               substring(replace(pg_get_indexdef(x.indexrelid), '"', '')
                         FROM 'USING btree \\((.*)\\)$')
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
        WHERE i.relnamespace = 'public'::regnamespace
          AND x.indrelid <> 'alembic_version'::regclass
    """,
    "mysql": """
        SELECT table_name, lower(index_name), non_unique = 0,
               group_concat(column_name ORDER BY seq_in_index SEPARATOR ', ')
        FROM information_schema.statistics
        WHERE table_schema = database() AND table_name <> 'alembic_version'
        GROUP BY table_name, index_name, non_unique
    """,
}
KEYS["mariadb"] = KEYS["mysql"]


def test_keys_and_indexes_are_those_of_the_contract(bookstore: Any) -> None:
    if bookstore.family == "sqlite":
        rows = _sqlite_keys(bookstore)
    else:
        rows = bookstore.run(KEYS[bookstore.family])
    unique = {(table, name): columns for table, name, unique, columns in rows if unique}
    others = {(table, name): columns for table, name, unique, columns in rows if not unique}
    assert unique == UNIQUE_KEYS
    expected = INDEXES | (POSTGRESQL_INDEXES if bookstore.family == "postgresql" else {})
    # Not one more either: MySQL makes an index for a foreign key, and drops it for a better one.
    assert others == expected


FOREIGN_KEYS_IN = {
    "postgresql": """
        SELECT k.conrelid::regclass::text, k.conname, a.attname,
               k.confrelid::regclass || '.' || b.attname,
               CASE k.confdeltype WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' END
        FROM pg_constraint k
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
        JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = ANY (k.confkey)
        WHERE k.contype = 'f'
    """,
    "mysql": """
        SELECT u.table_name, u.constraint_name, u.column_name,
               concat(u.referenced_table_name, '.', u.referenced_column_name), r.delete_rule
        FROM information_schema.key_column_usage u
        JOIN information_schema.referential_constraints r
          ON r.constraint_schema = u.constraint_schema AND r.table_name = u.table_name
         AND r.constraint_name = u.constraint_name
        WHERE u.table_schema = database()
    """,
}
FOREIGN_KEYS_IN["mariadb"] = FOREIGN_KEYS_IN["mysql"]


def _sqlite_foreign_keys(database: Any) -> list[tuple[Any, ...]]:
    """SQLite keeps the name of a foreign key in the statement alone."""
    rows = database.run(
        """
        SELECT m.name, f."from", f."table" || '.' || f."to", f.on_delete, m.sql
        FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'
        """
    )
    names: dict[str, dict[str, str]] = defaultdict(dict)
    for table, *_, sql in rows:
        names[table] = {column: name for name, column in NAMED_FOREIGN_KEY.findall(sql)}
    return [
        (table, names[table][column], column, target, rule)
        for table, column, target, rule, _ in rows
    ]


def test_foreign_keys_are_those_of_the_contract(bookstore: Any) -> None:
    if bookstore.family == "sqlite":
        rows = _sqlite_foreign_keys(bookstore)
    else:
        rows = bookstore.run(FOREIGN_KEYS_IN[bookstore.family])
    assert set(rows) == FOREIGN_KEYS
    assert len(rows) == len(FOREIGN_KEYS)


CHECKS = {
    "sqlite": "SELECT 'ck_books_stock', 'stock >= 0' FROM sqlite_master WHERE name = 'books' "
    "AND sql LIKE '%CONSTRAINT ck_books_stock CHECK (stock >= 0)%'",
    "postgresql": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE contype = 'c' AND conrelid = 'books'::regclass",
    "mysql": "SELECT constraint_name, check_clause FROM information_schema.check_constraints "
    "WHERE constraint_schema = database() AND constraint_name LIKE 'ck%'",
}
CHECKS["mariadb"] = CHECKS["mysql"]


def test_the_stock_has_its_check_and_nothing_else_has(bookstore: Any) -> None:
    [(name, clause)] = bookstore.run(CHECKS[bookstore.family])
    assert name == "ck_books_stock"
    assert re.sub(r"CHECK|[`() ]", "", clause) == "stock>=0"
