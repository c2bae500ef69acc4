"""The bookstore: authors, books, tags, users and orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from bakeoff_schemas.migrate import MigrationError
from bakeoff_schemas.migrations.columns import COLUMNS, Columns, Family

revision = "0001_bookstore"
down_revision = None

# In an order in which every table comes after those that it refers to.
TABLES = (
    "authors",
    "books",
    "tags",
    "book_tags",
    "users",
    "idempotency_keys",
    "orders",
    "order_lines",
)


def upgrade() -> None:
    """Create everything; an index is made for every list order and every filter on an id."""
    family: Family = context.config.attributes["family"]
    column = COLUMNS[family]
    if not context.is_offline_mode():
        _refuse_existing_tables()
        if family == "postgresql":
            _require_utf8()
    _catalogue(column)
    if family == "postgresql":
        # PostgreSQL puts nulls first in a descending order, and the contract puts them last, so a
        # backward walk of ix_books_release_year is of no use to it; the others have nulls lowest.
        op.create_index(
            "ix_books_release_year_desc",
            "books",
            [sa.text("release_year DESC NULLS LAST"), sa.text("id DESC")],
        )
    _tags(column)
    _users(column)
    _orders(column)


def _refuse_existing_tables() -> None:
    """Stop before the first table rather than halfway: MySQL cannot roll a CREATE TABLE back."""
    present = sorted(set(TABLES).intersection(sa.inspect(op.get_bind()).get_table_names()))
    if present:
        raise MigrationError(
            f"the tables {', '.join(present)} exist already, and no migration of Bakeoff is "
            "recorded: they belong to another application, or an interrupted migration left them. "
            "Use an empty database, or drop them"
        )


def _require_utf8() -> None:
    """Other encodings of PostgreSQL cannot store every character, or count bytes as characters."""
    encoding = op.get_bind().execute(sa.text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise MigrationError(
            f"the database has the encoding {encoding}, which cannot store every character: "
            "create it with ENCODING 'UTF8' TEMPLATE template0"
        )


def _catalogue(column: Columns) -> None:
    op.create_table(
        "authors",
        sa.Column("id", column.identity, primary_key=True),
        sa.Column("name", column.text(200), nullable=False),
        sa.Column("born", column.date),
        sa.Column("created_at", column.timestamp, nullable=False),
        **column.options,
    )
    op.create_index("ix_authors_name", "authors", ["name", "id"])
    op.create_table(
        "books",
        sa.Column("id", column.identity, primary_key=True),
        sa.Column("isbn", column.text(13)),
        sa.Column("title", column.text(300), nullable=False),
        # What a search looks at: NFKC and case folding make 18 code points of one at the most.
        sa.Column("title_key", column.text(5400), nullable=False),
        sa.Column("author_id", column.bigint, nullable=False),
        sa.Column("release_year", column.smallint),
        sa.Column("price", column.money(10), nullable=False),
        sa.Column("stock", column.integer, nullable=False),
        sa.Column("in_print", column.boolean, nullable=False),
        sa.Column("attributes", column.json, nullable=False),
        sa.Column("version", column.bigint, nullable=False),
        sa.Column("created_at", column.timestamp, nullable=False),
        sa.Column("updated_at", column.timestamp, nullable=False),
        sa.UniqueConstraint("isbn", name="uq_books_isbn"),
        sa.ForeignKeyConstraint(
            ["author_id"], ["authors.id"], name="fk_books_author_id", ondelete="RESTRICT"
        ),
        sa.CheckConstraint("stock >= 0", name="ck_books_stock"),
        **column.options,
    )
    # Ties of a descending order go by descending id, so that one index serves both directions.
    for name in ("author_id", "title", "release_year", "price", "created_at"):
        op.create_index(f"ix_books_{name}", "books", [name, "id"])


def _tags(column: Columns) -> None:
    op.create_table(
        "tags",
        sa.Column("id", column.identity, primary_key=True),
        sa.Column("name", column.text(50), nullable=False),
        sa.UniqueConstraint("name", name="uq_tags_name"),
        **column.options,
    )
    op.create_table(
        "book_tags",
        sa.Column("book_id", column.bigint, nullable=False),
        sa.Column("tag_id", column.bigint, nullable=False),
        sa.PrimaryKeyConstraint("book_id", "tag_id"),
        sa.ForeignKeyConstraint(
            ["book_id"], ["books.id"], name="fk_book_tags_book_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name="fk_book_tags_tag_id", ondelete="RESTRICT"
        ),
        **column.options,
    )
    op.create_index("ix_book_tags_tag_id", "book_tags", ["tag_id", "book_id"])


def _users(column: Columns) -> None:
    op.create_table(
        "users",
        sa.Column("id", column.uuid, primary_key=True),
        sa.Column("username", column.text(50), nullable=False),
        # Case folding makes three code points of one at the most.
        sa.Column("username_key", column.text(150), nullable=False),
        sa.Column("email", column.text(254), nullable=False),
        sa.Column("password_hash", column.text(255), nullable=False),
        sa.Column("created_at", column.timestamp, nullable=False),
        sa.UniqueConstraint("username_key", name="uq_users_username_key"),
        sa.UniqueConstraint("email", name="uq_users_email"),
        **column.options,
    )
    op.create_index("ix_users_created_at", "users", ["created_at", "id"])


def _orders(column: Columns) -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("token", column.text(255), primary_key=True),
        sa.Column("fingerprint", column.text(64), nullable=False),
        sa.Column("created_at", column.timestamp, nullable=False),
        **column.options,
    )
    op.create_table(
        "orders",
        sa.Column("id", column.uuid, primary_key=True),
        sa.Column("customer_id", column.uuid, nullable=False),
        sa.Column("status", column.text(9), nullable=False),
        # 50 lines of 1000 copies at 99999999.99 each have thirteen digits before the point.
        sa.Column("total", column.money(15), nullable=False),
        sa.Column("placed_at", column.timestamp, nullable=False),
        sa.Column("idempotency_key", column.text(255)),
        sa.UniqueConstraint("idempotency_key", name="uq_orders_idempotency_key"),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["users.id"], name="fk_orders_customer_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["idempotency_key"],
            ["idempotency_keys.token"],
            name="fk_orders_idempotency_key",
            ondelete="RESTRICT",
        ),
        **column.options,
    )
    op.create_index("ix_orders_customer_id", "orders", ["customer_id", "placed_at", "id"])
    op.create_index("ix_orders_placed_at", "orders", ["placed_at", "id"])
    op.create_table(
        "order_lines",
        sa.Column("order_id", column.uuid, nullable=False),
        sa.Column("position", column.smallint, nullable=False),
        sa.Column("book_id", column.bigint, nullable=False),
        sa.Column("quantity", column.integer, nullable=False),
        sa.Column("unit_price", column.money(10), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "position"),
        sa.UniqueConstraint("order_id", "book_id", name="uq_order_lines_book"),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name="fk_order_lines_order_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["book_id"], ["books.id"], name="fk_order_lines_book_id", ondelete="RESTRICT"
        ),
        **column.options,
    )
    op.create_index("ix_order_lines_book_id", "order_lines", ["book_id"])


def downgrade() -> None:
    """Drop everything with what is in it."""
    for table in reversed(TABLES):
        op.drop_table(table)
