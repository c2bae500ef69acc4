"""What backends are given and what they answer: plain data, already valid.

Answers (`Author`, `Book`, `User`, `Order`, …) are also the documented answers of the API: they are
built once, by the backend, and encoded once, by pydantic-core. Nothing copies them in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypedDict, TypeVar
from uuid import UUID

from pydantic import Field, PlainSerializer, WithJsonSchema

from bakeoff_schemas import timestamps

T = TypeVar("T")

Amount = Annotated[
    Decimal,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^[0-9]+\.[0-9]{2}$",
            "description": "A decimal with two places.",
            "examples": ["12.50"],
        }
    ),
]
Instant = Annotated[
    datetime,
    PlainSerializer(timestamps.write, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$",
            "description": "RFC 3339 in UTC with six fractional digits.",
            "examples": ["2024-05-01T12:00:00.000000Z"],
        }
    ),
]
OrderStatus = Literal["placed", "cancelled"]
BookSort = Literal["id", "title", "release_year", "price", "created_at"]
KeysetValue = int | str | Decimal | datetime | None

LARGEST_STOCK = 2**31 - 1
LONGEST_TOPIC = 50
LONGEST_ERROR = 500

# --- answers ----------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Author:
    """Somebody who wrote books."""

    id: Annotated[int, Field(examples=[42])]
    name: Annotated[str, Field(examples=["Ursula K. Le Guin"])]
    born: Annotated[date | None, Field(examples=["1929-10-21"])]
    created_at: Instant


@dataclass(slots=True, kw_only=True)
class AuthorName:
    """The author as embedded in a book and in a report."""

    id: Annotated[int, Field(examples=[42])]
    name: Annotated[str, Field(examples=["Ursula K. Le Guin"])]


@dataclass(slots=True, kw_only=True)
class Book:
    """A title that the store sells."""

    id: Annotated[int, Field(examples=[7])]
    isbn: Annotated[str | None, Field(description="13 digits.", examples=["9780547773742"])]
    title: Annotated[str, Field(examples=["A Wizard of Earthsea"])]
    author_id: Annotated[int, Field(examples=[42])]
    author: AuthorName
    release_year: Annotated[
        int | None, Field(description="Negative before the common era.", examples=[1968])
    ]
    price: Amount
    stock: Annotated[int, Field(description="Copies on the shelf.", examples=[12])]
    in_print: bool
    tags: Annotated[
        list[str],
        Field(description="Case-folded, sorted by code point.", examples=[["fantasy", "islands"]]),
    ]
    attributes: Annotated[dict[str, Any], Field(examples=[{"pages": 205}])]
    version: Annotated[int, Field(description="Also the entity tag.", examples=[1])]
    created_at: Instant
    updated_at: Instant

    @classmethod
    def from_data(
        cls,
        data: BookData,
        *,
        book_id: int,
        author_name: str,
        version: int = 1,
        created_at: datetime,
        updated_at: datetime,
    ) -> Book:
        """The book that was just written, without reading it again."""
        return cls(
            id=book_id,
            isbn=data.isbn,
            title=data.title,
            author_id=data.author_id,
            author=AuthorName(id=data.author_id, name=author_name),
            release_year=data.release_year,
            price=data.price,
            stock=data.stock,
            in_print=data.in_print,
            tags=[*data.tags],
            attributes=data.attributes,
            version=version,
            created_at=created_at,
            updated_at=updated_at,
        )


@dataclass(slots=True, kw_only=True)
class User:
    """A customer; the password never leaves the server."""

    id: UUID
    username: Annotated[str, Field(examples=["ged"])]
    email: Annotated[str, Field(description="In lower case.", examples=["ged@example.com"])]
    created_at: Instant


@dataclass(slots=True, kw_only=True)
class OrderLine:
    """So many copies of one book, at the price of that moment."""

    book_id: Annotated[int, Field(examples=[7])]
    quantity: Annotated[int, Field(examples=[2])]
    unit_price: Amount


@dataclass(slots=True, kw_only=True)
class Order:
    """What a customer bought."""

    id: UUID
    customer_id: UUID
    status: Annotated[OrderStatus, Field(title="OrderStatus")]
    lines: list[OrderLine]
    total: Amount
    placed_at: Instant


@dataclass(slots=True, kw_only=True)
class AuthorSales:
    """What the books of one author brought in."""

    author: AuthorName
    copies: Annotated[int, Field(description="Copies sold.", examples=[30])]
    orders: Annotated[int, Field(description="Orders with a book of theirs.", examples=[12])]
    revenue: Amount


@dataclass(slots=True, kw_only=True)
class TagPrices:
    """The prices of the books under one tag."""

    tag: Annotated[str, Field(examples=["fantasy"])]
    books: Annotated[int, Field(examples=[120])]
    min_price: Amount
    max_price: Amount
    average_price: Annotated[Amount, Field(description="Exact, rounded half-even to cents.")]


@dataclass(slots=True, kw_only=True)
class LayerInfo:
    """Which data layer answers, and from where."""

    backend: Annotated[str, Field(examples=["raw"])]
    layer: Annotated[str, Field(description="The library or libraries.", examples=["asyncpg"])]
    layer_version: Annotated[str, Field(examples=["0.32.0"])]
    driver: Annotated[str | None, Field(examples=["asyncpg"])]
    driver_version: Annotated[str | None, Field(examples=["0.32.0"])]
    database: Annotated[
        Literal["memory", "sqlite", "postgresql", "mysql", "mariadb"],
        Field(title="Database", examples=["postgresql"]),
    ]
    server_version: Annotated[str | None, Field(examples=["15.4"])]


# --- what a backend is given ------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class AuthorData:
    """Everything a client says about an author."""

    name: str
    born: date | None = None


class AuthorChanges(TypedDict, total=False):
    """What is to change about an author; an absent key stays as it is."""

    name: str
    born: date | None


@dataclass(slots=True, kw_only=True)
class BookData:
    """Everything a client says about a book, with what follows from it (`title_key`).

    `tags` are folded, distinct and sorted; `isbn` has 13 digits.
    """

    isbn: str | None
    title: str
    title_key: str
    author_id: int
    release_year: int | None = None
    price: Decimal
    stock: int = 0
    in_print: bool = True
    tags: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        """The columns of the table `books` that a client decides about."""
        return {
            "isbn": self.isbn,
            "title": self.title,
            "title_key": self.title_key,
            "author_id": self.author_id,
            "release_year": self.release_year,
            "price": self.price,
            "stock": self.stock,
            "in_print": self.in_print,
            "attributes": self.attributes,
        }


class BookChanges(TypedDict, total=False):
    """What is to change about a book; `title_key` comes with `title`. May be empty."""

    isbn: str | None
    title: str
    title_key: str
    author_id: int
    release_year: int | None
    price: Decimal
    stock: int
    in_print: bool
    tags: list[str]
    attributes: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class NewUser:
    """A customer to be; `username_key` is the case-folded name that must be unique."""

    id: UUID
    username: str
    username_key: str
    email: str
    password_hash: str = field(repr=False)
    created_at: datetime
    is_admin: bool = False


@dataclass(slots=True, kw_only=True)
class RefreshToken:
    """A token that renews a log-in; of the token itself only a digest is known (hex SHA-256).

    Those that followed from one log-in have the same `family`.
    """

    digest: str = field(repr=False)
    family: UUID
    user_id: UUID
    created_at: datetime
    expires_at: datetime


@dataclass(slots=True, kw_only=True)
class Idempotency:
    """The client's key for a request, and what the request was (hex SHA-256)."""

    token: str
    fingerprint: str


@dataclass(slots=True, kw_only=True)
class NewOrder:
    """An order to be; `quantities` maps book ids to copies, in the order sent."""

    id: UUID
    customer_id: UUID
    quantities: Mapping[int, int]
    placed_at: datetime
    idempotency: Idempotency | None = None


@dataclass(slots=True, kw_only=True)
class NewMessage:
    """A message of the outbox to be: that something happened, told after its transaction.

    `topic` has at most `LONGEST_TOPIC` code points. `payload` is a JSON object within the limits of
    `bakeoff_schemas.attributes`, and may name people. A worker may take the message from `due_at`
    on; None where nobody has to handle it.
    """

    id: UUID
    topic: str
    payload: dict[str, Any] = field(repr=False)
    created_at: datetime
    due_at: datetime | None


@dataclass(slots=True, kw_only=True)
class Keyset:
    """Where the last page ended: the value it was sorted by, and the row's id."""

    value: KeysetValue
    id: int | UUID


@dataclass(slots=True, kw_only=True)
class Window:
    """Which part of a list: after a keyset or from an offset, never both."""

    limit: int = 20
    after: Keyset | None = None
    offset: int = 0
    include_total: bool = False


@dataclass(slots=True, kw_only=True)
class BookFilter:
    """Which books; every condition that is given must hold.

    `tags`: a book must carry all of them. `text` is folded, and sought literally in `title_key`.
    """

    author_id: int | None = None
    tags: tuple[str, ...] = ()
    text: str | None = None
    year_from: int | None = None
    year_to: int | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_print: bool | None = None


@dataclass(slots=True, kw_only=True)
class BookOrder:
    """How books are sorted: by code point, nulls last, ties by id in the same direction."""

    key: BookSort = "id"
    descending: bool = False


# --- what a backend answers besides -------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Page(Generic[T]):
    """Part of a list; `more` tells whether rows follow, `total` is None unless it was asked for."""

    items: list[T]
    more: bool
    total: int | None = None


@dataclass(slots=True, kw_only=True)
class Login:
    """A customer with what they log in with, and what they may do then."""

    user: User
    password_hash: str = field(repr=False)
    is_admin: bool


@dataclass(slots=True, kw_only=True)
class Upserted:
    """The book as it is now, and whether it is new."""

    book: Book
    created: bool


@dataclass(slots=True, kw_only=True)
class Placed:
    """The order, and whether it had been placed before under the same idempotency key."""

    order: Order
    replayed: bool


@dataclass(slots=True, kw_only=True)
class Message:
    """A message of the outbox.

    `position` is its place among the published, from 1; None until it is published. `attempts`
    counts the claims. `due_at` is when a worker may take it; None once it was handled or given up,
    and where nobody has to handle it. `failed_at` makes it a dead letter. `error` is what the last
    failed attempt said, in at most `LONGEST_ERROR` code points.
    """

    id: UUID
    topic: str
    payload: dict[str, Any] = field(repr=False)
    created_at: datetime
    position: int | None
    attempts: int
    due_at: datetime | None
    handled_at: datetime | None
    failed_at: datetime | None
    error: str | None


@dataclass(slots=True, kw_only=True, frozen=True)
class BookIdentity:
    """How a book without an ISBN is recognised when a catalogue is loaded again."""

    title: str
    author_id: int
    release_year: int | None


@dataclass(slots=True, kw_only=True)
class Connections:
    """The state of a layer's pool: connections open, checked out, and inside a transaction."""

    size: int
    in_use: int
    in_transaction: int
