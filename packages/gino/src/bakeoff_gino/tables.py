"""The schema as GINO's models, and the records that its rows become.

Models are bound to no engine: every statement names its connection, so that several layers can live
in one process, and no task meets the transaction of another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gino import Gino
from gino.crud import CRUDModel
from sqlalchemy import event, false

from bakeoff_gino.engine.types import (
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


class _Row(CRUDModel):
    def lookup(self) -> Any:
        """The condition that finds the row, unless it is still empty.

        tuned: GINO builds it for every object that it loads, to be ready for an UPDATE; with
        `loader_of`, a page takes half as long without it.

        :raises LookupError: it is empty; GINO catches that.
        """
        if not self.__values__:
            raise LookupError
        return super().lookup()


db: Any = Gino(model_classes=(_Row,))


class AuthorRow(db.Model):
    __tablename__ = "authors"
    __table_args__ = (db.Index("ix_authors_name", "name", "id"), {"sqlite_autoincrement": True})

    id = db.Column(BIG, primary_key=True)
    name = db.Column(text(200), nullable=False)
    born = db.Column(DATE)
    created_at = db.Column(INSTANT, nullable=False)


BOOK_TAGS = db.Table(
    "book_tags",
    db,
    db.Column(
        "book_id",
        BIG,
        db.ForeignKey("books.id", name="fk_book_tags_book_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    db.Column(
        "tag_id",
        BIG,
        db.ForeignKey("tags.id", name="fk_book_tags_tag_id", ondelete="RESTRICT"),
        primary_key=True,
    ),
    db.Index("ix_book_tags_tag_id", "tag_id", "book_id"),
)


class TagRow(db.Model):
    __tablename__ = "tags"
    __table_args__ = (
        db.UniqueConstraint("name", name="uq_tags_name"),
        {"sqlite_autoincrement": True},
    )

    id = db.Column(BIG, primary_key=True)
    name = db.Column(text(50), nullable=False)


class BookRow(db.Model):
    """`author_name` and `tags` are set by the loader of the statement that reads the book."""

    __tablename__ = "books"
    __table_args__ = (
        db.UniqueConstraint("isbn", name="uq_books_isbn"),
        db.CheckConstraint("stock >= 0", name="ck_books_stock"),
        db.Index("ix_books_author_id", "author_id", "id"),
        db.Index("ix_books_title", "title", "id"),
        db.Index("ix_books_release_year", "release_year", "id"),
        db.Index("ix_books_price", "price", "id"),
        db.Index("ix_books_created_at", "created_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id = db.Column(BIG, primary_key=True)
    isbn = db.Column(text(13))
    title = db.Column(text(300), nullable=False)
    # Only searched in, never answered, and up to eighteen times as long as the title.
    title_key = db.Column(text(5400), nullable=False)
    author_id = db.Column(
        BIG,
        db.ForeignKey("authors.id", name="fk_books_author_id", ondelete="RESTRICT"),
        nullable=False,
    )
    release_year = db.Column(SMALL)
    price = db.Column(amount(10), nullable=False)
    stock = db.Column(db.Integer, nullable=False)
    in_print = db.Column(BOOLEAN, nullable=False)
    attributes = db.Column(ATTRIBUTES, nullable=False)
    version = db.Column(BIG, nullable=False)
    created_at = db.Column(INSTANT, nullable=False)
    updated_at = db.Column(INSTANT, nullable=False)

    author_name = ""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.tags: list[str] = []

    def add_tag(self, name: str | None) -> None:
        """None: the book has no tags."""
        if name is not None:
            self.tags.append(name)


# As an `Index` of the table it would be made on every database.
event.listen(
    BookRow.__table__,
    "after_create",
    db.DDL(
        "CREATE INDEX ix_books_release_year_desc ON books (release_year DESC NULLS LAST, id DESC)"
    ).execute_if(dialect="postgresql"),
)


class UserRow(db.Model):
    __tablename__ = "users"
    __table_args__ = (
        db.UniqueConstraint("username_key", name="uq_users_username_key"),
        db.UniqueConstraint("email", name="uq_users_email"),
        db.Index("ix_users_created_at", "created_at", "id"),
    )

    id = db.Column(IDENTIFIER, primary_key=True)
    username = db.Column(text(50), nullable=False)
    username_key = db.Column(text(150), nullable=False)
    email = db.Column(text(254), nullable=False)
    password_hash = db.Column(text(255), nullable=False)
    created_at = db.Column(INSTANT, nullable=False)
    is_admin = db.Column(BOOLEAN, nullable=False, server_default=false())


class RefreshTokenRow(db.Model):
    __tablename__ = "refresh_tokens"
    __table_args__ = (
        db.Index("ix_refresh_tokens_user_id", "user_id"),
        db.Index("ix_refresh_tokens_family", "family"),
        db.Index("ix_refresh_tokens_expires_at", "expires_at"),
    )

    digest = db.Column(text(64), primary_key=True)
    family = db.Column(IDENTIFIER, nullable=False)
    user_id = db.Column(
        IDENTIFIER,
        db.ForeignKey("users.id", name="fk_refresh_tokens_user_id", ondelete="CASCADE"),
        nullable=False,
    )
    created_at = db.Column(INSTANT, nullable=False)
    expires_at = db.Column(INSTANT, nullable=False)
    used_at = db.Column(INSTANT)


class IdempotencyKeyRow(db.Model):
    __tablename__ = "idempotency_keys"

    token = db.Column(text(255), primary_key=True)
    fingerprint = db.Column(text(64), nullable=False)
    created_at = db.Column(INSTANT, nullable=False)


class OrderLineRow(db.Model):
    __tablename__ = "order_lines"
    __table_args__ = (
        db.UniqueConstraint("order_id", "book_id", name="uq_order_lines_book"),
        db.Index("ix_order_lines_book_id", "book_id"),
    )

    order_id = db.Column(
        IDENTIFIER,
        db.ForeignKey("orders.id", name="fk_order_lines_order_id", ondelete="CASCADE"),
        primary_key=True,
    )
    position = db.Column(SMALL, primary_key=True, autoincrement=False)
    book_id = db.Column(
        BIG,
        db.ForeignKey("books.id", name="fk_order_lines_book_id", ondelete="RESTRICT"),
        nullable=False,
    )
    quantity = db.Column(db.Integer, nullable=False)
    unit_price = db.Column(amount(10), nullable=False)


class OrderRow(db.Model):
    """`lines` are set by the loader of the statement that reads the order."""

    __tablename__ = "orders"
    __table_args__ = (
        db.UniqueConstraint("idempotency_key", name="uq_orders_idempotency_key"),
        db.Index("ix_orders_customer_id", "customer_id", "placed_at", "id"),
        db.Index("ix_orders_placed_at", "placed_at", "id"),
    )

    id = db.Column(IDENTIFIER, primary_key=True)
    customer_id = db.Column(
        IDENTIFIER,
        db.ForeignKey("users.id", name="fk_orders_customer_id", ondelete="RESTRICT"),
        nullable=False,
    )
    status = db.Column(text(9), nullable=False)
    total = db.Column(amount(15), nullable=False)
    placed_at = db.Column(INSTANT, nullable=False)
    idempotency_key = db.Column(
        text(255),
        db.ForeignKey(
            "idempotency_keys.token", name="fk_orders_idempotency_key", ondelete="RESTRICT"
        ),
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.lines: list[OrderLine] = []

    def add_line(self, line: OrderLine) -> None:
        self.lines.append(line)


class MessageRow(db.Model):
    __tablename__ = "outbox"
    __table_args__ = (
        db.UniqueConstraint("position", name="uq_outbox_position"),
        db.Index("ix_outbox_unpublished", "position", "created_at", "id"),
        db.Index("ix_outbox_due_at", "due_at", "created_at", "id"),
        db.Index("ix_outbox_failed_at", "failed_at", "id"),
    )

    id = db.Column(IDENTIFIER, primary_key=True)
    topic = db.Column(text(50), nullable=False)
    payload = db.Column(ATTRIBUTES, nullable=False)
    created_at = db.Column(INSTANT, nullable=False)
    position = db.Column(BIG)
    attempts = db.Column(db.Integer, nullable=False)
    due_at = db.Column(INSTANT)
    handled_at = db.Column(INSTANT)
    failed_at = db.Column(INSTANT)
    error = db.Column(text(500))


def to_author(row: AuthorRow) -> Author:
    return Author(id=row.id, name=row.name, born=row.born, created_at=row.created_at)


def to_book(row: BookRow) -> Book:
    return Book(
        id=row.id,
        isbn=row.isbn,
        title=row.title,
        author_id=row.author_id,
        author=AuthorName(id=row.author_id, name=row.author_name),
        release_year=row.release_year,
        price=row.price,
        stock=row.stock,
        in_print=row.in_print,
        tags=sorted(row.tags),
        attributes=row.attributes,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def to_line(row: Mapping[Any, Any], _: object) -> OrderLine:
    """As a loader of GINO, which calls it with a row of an order and a line."""
    return OrderLine(
        book_id=row[OrderLineRow.book_id],
        quantity=row[OrderLineRow.quantity],
        unit_price=row[OrderLineRow.unit_price],
    )


def to_user(row: UserRow) -> User:
    return User(id=row.id, username=row.username, email=row.email, created_at=row.created_at)


def to_login(row: UserRow) -> Login:
    return Login(user=to_user(row), password_hash=row.password_hash, is_admin=row.is_admin)


def to_token(row: RefreshTokenRow) -> RefreshToken:
    return RefreshToken(
        digest=row.digest,
        family=row.family,
        user_id=row.user_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def to_order(row: OrderRow) -> Order:
    return Order(
        id=row.id,
        customer_id=row.customer_id,
        status=row.status,
        lines=row.lines,
        total=row.total,
        placed_at=row.placed_at,
    )


def to_message(row: MessageRow) -> Message:
    return Message(
        id=row.id,
        topic=row.topic,
        payload=row.payload,
        created_at=row.created_at,
        position=row.position,
        attempts=row.attempts,
        due_at=row.due_at,
        handled_at=row.handled_at,
        failed_at=row.failed_at,
        error=row.error,
    )
