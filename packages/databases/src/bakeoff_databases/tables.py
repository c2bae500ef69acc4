"""The schema as SQLAlchemy Core sees it, and the records that its rows become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    false,
)

from bakeoff_databases.engine.types import (
    ATTRIBUTES,
    BIG,
    BOOLEAN,
    DATE,
    IDENTIFIER,
    INSTANT,
    SMALL,
    amount,
    text,
)
from bakeoff_schemas.records import (
    Author,
    AuthorName,
    Book,
    Login,
    Message,
    Order,
    OrderLine,
    RefreshToken,
    User,
)

METADATA = MetaData()

AUTHORS = Table(
    "authors",
    METADATA,
    Column("id", BIG, Identity(), primary_key=True),
    Column("name", text(200), nullable=False),
    Column("born", DATE),
    Column("created_at", INSTANT, nullable=False),
    Index("ix_authors_name", "name", "id"),
    sqlite_autoincrement=True,
)

BOOKS = Table(
    "books",
    METADATA,
    Column("id", BIG, Identity(), primary_key=True),
    Column("isbn", text(13)),
    Column("title", text(300), nullable=False),
    # Only searched in, never answered, and up to eighteen times as long as the title.
    Column("title_key", text(5400), nullable=False),
    Column(
        "author_id",
        BIG,
        ForeignKey("authors.id", name="fk_books_author_id", ondelete="RESTRICT"),
        nullable=False,
    ),
    Column("release_year", SMALL),
    Column("price", amount(10), nullable=False),
    Column("stock", Integer, nullable=False),
    Column("in_print", BOOLEAN, nullable=False),
    Column("attributes", ATTRIBUTES, nullable=False),
    Column("version", BIG, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    UniqueConstraint("isbn", name="uq_books_isbn"),
    CheckConstraint("stock >= 0", name="ck_books_stock"),
    Index("ix_books_author_id", "author_id", "id"),
    Index("ix_books_title", "title", "id"),
    Index("ix_books_release_year", "release_year", "id"),
    Index("ix_books_price", "price", "id"),
    Index("ix_books_created_at", "created_at", "id"),
    sqlite_autoincrement=True,
)
Index(
    "ix_books_release_year_desc", BOOKS.c.release_year.desc().nulls_last(), BOOKS.c.id.desc()
).ddl_if(dialect="postgresql")

TAGS = Table(
    "tags",
    METADATA,
    Column("id", BIG, Identity(), primary_key=True),
    Column("name", text(50), nullable=False),
    UniqueConstraint("name", name="uq_tags_name"),
    sqlite_autoincrement=True,
)

BOOK_TAGS = Table(
    "book_tags",
    METADATA,
    Column(
        "book_id",
        BIG,
        ForeignKey("books.id", name="fk_book_tags_book_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column(
        "tag_id",
        BIG,
        ForeignKey("tags.id", name="fk_book_tags_tag_id", ondelete="RESTRICT"),
        primary_key=True,
    ),
    Index("ix_book_tags_tag_id", "tag_id", "book_id"),
)

USERS = Table(
    "users",
    METADATA,
    Column("id", IDENTIFIER, primary_key=True),
    Column("username", text(50), nullable=False),
    Column("username_key", text(150), nullable=False),
    Column("email", text(254), nullable=False),
    Column("password_hash", text(255), nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("is_admin", BOOLEAN, nullable=False, server_default=false()),
    UniqueConstraint("username_key", name="uq_users_username_key"),
    UniqueConstraint("email", name="uq_users_email"),
    Index("ix_users_created_at", "created_at", "id"),
)

REFRESH_TOKENS = Table(
    "refresh_tokens",
    METADATA,
    Column("digest", text(64), primary_key=True),
    Column("family", IDENTIFIER, nullable=False),
    Column(
        "user_id",
        IDENTIFIER,
        ForeignKey("users.id", name="fk_refresh_tokens_user_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("created_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("used_at", INSTANT),
    Index("ix_refresh_tokens_user_id", "user_id"),
    Index("ix_refresh_tokens_family", "family"),
    Index("ix_refresh_tokens_expires_at", "expires_at"),
)

IDEMPOTENCY_KEYS = Table(
    "idempotency_keys",
    METADATA,
    Column("token", text(255), primary_key=True),
    Column("fingerprint", text(64), nullable=False),
    Column("created_at", INSTANT, nullable=False),
)

ORDERS = Table(
    "orders",
    METADATA,
    Column("id", IDENTIFIER, primary_key=True),
    Column(
        "customer_id",
        IDENTIFIER,
        ForeignKey("users.id", name="fk_orders_customer_id", ondelete="RESTRICT"),
        nullable=False,
    ),
    Column("status", text(9), nullable=False),
    Column("total", amount(15), nullable=False),
    Column("placed_at", INSTANT, nullable=False),
    Column(
        "idempotency_key",
        text(255),
        ForeignKey("idempotency_keys.token", name="fk_orders_idempotency_key", ondelete="RESTRICT"),
    ),
    UniqueConstraint("idempotency_key", name="uq_orders_idempotency_key"),
    Index("ix_orders_customer_id", "customer_id", "placed_at", "id"),
    Index("ix_orders_placed_at", "placed_at", "id"),
)

ORDER_LINES = Table(
    "order_lines",
    METADATA,
    Column(
        "order_id",
        IDENTIFIER,
        ForeignKey("orders.id", name="fk_order_lines_order_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("position", SMALL, primary_key=True),
    Column(
        "book_id",
        BIG,
        ForeignKey("books.id", name="fk_order_lines_book_id", ondelete="RESTRICT"),
        nullable=False,
    ),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", amount(10), nullable=False),
    UniqueConstraint("order_id", "book_id", name="uq_order_lines_book"),
    Index("ix_order_lines_book_id", "book_id"),
)


OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", IDENTIFIER, primary_key=True),
    Column("topic", text(50), nullable=False),
    Column("payload", ATTRIBUTES, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("position", BIG),
    Column("attempts", Integer, nullable=False),
    Column("due_at", INSTANT),
    Column("handled_at", INSTANT),
    Column("failed_at", INSTANT),
    Column("error", text(500)),
    UniqueConstraint("position", name="uq_outbox_position"),
    Index("ix_outbox_unpublished", "position", "created_at", "id"),
    Index("ix_outbox_due_at", "due_at", "created_at", "id"),
    Index("ix_outbox_failed_at", "failed_at", "id"),
)


def to_author(row: Any) -> Author:
    return Author(id=row["id"], name=row["name"], born=row["born"], created_at=row["created_at"])


def to_book(row: Any, tags: Sequence[str]) -> Book:
    author_id = row["author_id"]
    return Book(
        id=row["id"],
        isbn=row["isbn"],
        title=row["title"],
        author_id=author_id,
        author=AuthorName(id=author_id, name=row["author_name"]),
        release_year=row["release_year"],
        price=row["price"],
        stock=row["stock"],
        in_print=row["in_print"],
        tags=sorted(tags),
        attributes=row["attributes"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def to_user(row: Any) -> User:
    return User(
        id=row["id"],
        username=row["username"],
        email=row["email"],
        created_at=row["created_at"],
    )


def to_login(row: Any) -> Login:
    return Login(user=to_user(row), password_hash=row["password_hash"], is_admin=row["is_admin"])


def to_token(row: Any) -> RefreshToken:
    return RefreshToken(
        digest=row["digest"],
        family=row["family"],
        user_id=row["user_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


def to_order(row: Any, lines: Sequence[OrderLine]) -> Order:
    return Order(
        id=row["id"],
        customer_id=row["customer_id"],
        status=row["status"],
        lines=[*lines],
        total=row["total"],
        placed_at=row["placed_at"],
    )


def to_line(row: Any) -> OrderLine:
    return OrderLine(book_id=row["book_id"], quantity=row["quantity"], unit_price=row["unit_price"])


def to_message(row: Any) -> Message:
    return Message(
        id=row["id"],
        topic=row["topic"],
        payload=row["payload"],
        created_at=row["created_at"],
        position=row["position"],
        attempts=row["attempts"],
        due_at=row["due_at"],
        handled_at=row["handled_at"],
        failed_at=row["failed_at"],
        error=row["error"],
    )
