"""Request bodies, queries and pages; single answers are the records themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bakeoff_schemas import fields
from bakeoff_schemas.records import (
    Author,
    AuthorChanges,
    AuthorData,
    AuthorSales,
    Book,
    BookChanges,
    BookData,
    BookFilter,
    Order,
    TagPrices,
    User,
)
from bakeoff_schemas.text import search_key


def _absent() -> Any:
    """The default of a field that a patch leaves alone; a factory keeps it out of the document."""
    return None


class _Body(BaseModel):
    # Strict: "1", true and 1.0 are no integers, 1 is no string.
    model_config = ConfigDict(extra="forbid", strict=True)


class AuthorBody(_Body):
    """An author as a client describes them."""

    name: fields.AuthorNameText
    born: fields.Day | None = None

    def data(self) -> AuthorData:
        """The author for the port."""
        return AuthorData(name=self.name, born=self.born)


class AuthorPatch(_Body):
    """A JSON Merge Patch (RFC 7396) of an author: absent means unchanged, null means cleared."""

    name: fields.AuthorNameText = Field(default_factory=_absent)
    born: fields.Day | None = Field(default_factory=_absent)

    def changes(self) -> AuthorChanges:
        """What the client sent, and nothing else."""
        changes: AuthorChanges = self.model_dump(exclude_unset=True)  # type: ignore[assignment]
        return changes


class BookBody(_Body):
    """A book as a client describes it; what is left out takes its default."""

    isbn: fields.Isbn | None = None
    title: fields.Title
    author_id: fields.Id
    release_year: fields.Year | None = None
    price: fields.Price
    stock: fields.Stock = 0
    in_print: bool = True
    tags: fields.Tags = Field(default_factory=list)
    attributes: fields.Attributes = Field(default_factory=dict)

    def data(self) -> BookData:
        """The book for the port."""
        return BookData(
            isbn=self.isbn,
            title=self.title,
            title_key=search_key(self.title),
            author_id=self.author_id,
            release_year=self.release_year,
            price=self.price,
            stock=self.stock,
            in_print=self.in_print,
            tags=self.tags,
            attributes=self.attributes,
        )


class BookPatch(_Body):
    """A JSON Merge Patch of top-level fields: absent means unchanged, null means cleared."""

    isbn: fields.Isbn | None = Field(default_factory=_absent)
    title: fields.Title = Field(default_factory=_absent)
    author_id: fields.Id = Field(default_factory=_absent)
    release_year: fields.Year | None = Field(default_factory=_absent)
    price: fields.Price = Field(default_factory=_absent)
    stock: fields.Stock = Field(default_factory=_absent)
    in_print: bool = Field(default_factory=_absent)
    tags: fields.Tags = Field(default_factory=_absent)
    attributes: fields.Attributes = Field(default_factory=_absent)

    def changes(self) -> BookChanges:
        """What the client sent, and the columns that follow from it."""
        changes = {name: getattr(self, name) for name in self.model_fields_set}
        if "title" in changes:
            changes["title_key"] = search_key(self.title)
        return changes  # type: ignore[return-value]


class UserBody(_Body):
    """A new customer."""

    username: fields.Username
    email: fields.Email
    password: fields.Password = Field(repr=False, json_schema_extra={"writeOnly": True})


class OrderLineBody(_Body):
    """A number of copies of one book."""

    book_id: fields.Id
    quantity: fields.Quantity


class OrderBody(_Body):
    """An order of distinct books."""

    customer_id: Annotated[UUID, Field(strict=False)]
    lines: Annotated[list[OrderLineBody], Field(min_length=1, max_length=50)]


class _Window(BaseModel):
    model_config = ConfigDict(extra="ignore")

    limit: fields.Limit = Field(default=20, description="How many at most.")
    cursor: fields.CursorText | None = Field(
        default=None, description="`next_cursor` of the page before; not together with `offset`."
    )
    offset: fields.Offset | None = Field(
        default=None, description="How many to skip; not together with `cursor`."
    )
    include_total: fields.QueryBool = Field(
        default=False, description="Count everything that matches."
    )

    @model_validator(mode="after")
    def _one_way_to_page(self) -> _Window:
        if self.cursor is not None and self.offset is not None:
            raise ValueError("cursor and offset exclude each other")
        return self


class ListQuery(_Window):
    """Which part of a list."""


class OrderListQuery(_Window):
    """Which orders, and which part of them."""

    customer_id: UUID | None = Field(default=None, description="Of this customer only.")


BookSortParameter = Literal[
    "id",
    "-id",
    "title",
    "-title",
    "release_year",
    "-release_year",
    "price",
    "-price",
    "created_at",
    "-created_at",
]


class BookListQuery(_Window):
    """Which books, in which order, and which part of them."""

    author_id: fields.PathId | None = None
    tag: list[fields.QueryTag] = Field(
        default_factory=list, max_length=20, description="Repeat it: a book must carry all of them."
    )
    q: fields.SearchText | None = Field(
        default=None, description="A part of the title, in whatever case; no wildcards."
    )
    year_from: fields.QueryYear | None = None
    year_to: fields.QueryYear | None = None
    min_price: fields.QueryPrice | None = None
    max_price: fields.QueryPrice | None = None
    in_print: fields.QueryBool | None = None
    sort: BookSortParameter = Field(
        default="id",
        title="BookSort",
        description="By code point, nulls last, ties by id; `-` for descending.",
    )

    def filter(self) -> BookFilter:
        """The conditions for the port; repeated tags count once."""
        return BookFilter(
            author_id=self.author_id,
            tags=tuple(sorted(set(self.tag))),
            text=self.q,
            year_from=self.year_from,
            year_to=self.year_to,
            min_price=self.min_price,
            max_price=self.max_price,
            in_print=self.in_print,
        )


class SalesQuery(BaseModel):
    """Which sales: placed at `from` or later, and before `to`."""

    since: fields.QueryInstant | None = Field(default=None, alias="from")
    until: fields.QueryInstant | None = Field(default=None, alias="to")
    limit: fields.Limit = Field(default=20, description="How many authors at most.")


# --- pages: built by the service from records, and not validated again ---------------------------


@dataclass(slots=True, kw_only=True)
class AuthorPage:
    """A part of the authors."""

    items: list[Author]
    next_cursor: str | None
    total: int | None


@dataclass(slots=True, kw_only=True)
class BookPage:
    """A part of the books."""

    items: list[Book]
    next_cursor: str | None
    total: int | None


@dataclass(slots=True, kw_only=True)
class UserPage:
    """A part of the customers."""

    items: list[User]
    next_cursor: str | None
    total: int | None


@dataclass(slots=True, kw_only=True)
class OrderPage:
    """A part of the orders."""

    items: list[Order]
    next_cursor: str | None
    total: int | None


@dataclass(slots=True, kw_only=True)
class SalesReport:
    """Sales by author, by revenue descending."""

    items: list[AuthorSales]


@dataclass(slots=True, kw_only=True)
class PriceReport:
    """Prices by tag."""

    items: list[TagPrices]


@dataclass(slots=True, kw_only=True)
class Health:
    """The service is well; otherwise a problem is answered."""

    status: Literal["ok"] = "ok"


@dataclass(slots=True, kw_only=True)
class TokenPair:
    """What a log-in, or a refresh of it, gives (RFC 6749, section 5.1)."""

    access_token: Annotated[str, Field(description="For `Authorization: Bearer …`.")] = field(
        repr=False
    )
    token_type: Literal["bearer"] = "bearer"
    expires_in: Annotated[int, Field(description="Seconds until it expires.", examples=[900])]
    refresh_token: Annotated[str, Field(description="For new tokens, once.")] = field(repr=False)
    scope: Annotated[str, Field(description="What both allow.", examples=["orders:write"])]


class FieldError(BaseModel):
    """One field at fault."""

    loc: list[str | int] = Field(examples=[["body", "title"]])
    msg: str
    type: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["urn:problem-type:bakeoff:not-found"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path that was asked for.")
    errors: list[FieldError] | None = None


BulkBooks = Annotated[list[BookBody], Field(min_length=1, max_length=1000)]
