"""Encodes answers once, by pydantic-core, straight from the records of the backend."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from bakeoff.preconditions import etag
from bakeoff_schemas import api, records

JSON = "application/json"


class Encoder:
    """Turns values of one type into responses."""

    def __init__(self, of: Any) -> None:
        """`of` is the `response_model` of the route."""
        self.encode = TypeAdapter(of).serializer.to_json

    def __call__(
        self, value: object, *, status: int = 200, headers: dict[str, str] | None = None
    ) -> Response:
        """The value as a response."""
        return Response(self.encode(value), status, headers, JSON)


author = Encoder(records.Author)
authors = Encoder(api.AuthorPage)
books = Encoder(api.BookPage)
bulk = Encoder(list[records.Book])
user = Encoder(records.User)
users = Encoder(api.UserPage)
order = Encoder(records.Order)
orders = Encoder(api.OrderPage)
sales = Encoder(api.SalesReport)
prices = Encoder(api.PriceReport)
info = Encoder(records.LayerInfo)
health = Encoder(api.Health)
tokens = Encoder(api.TokenPair)
_book = Encoder(records.Book)


def location(request: Request, path: str) -> dict[str, str]:
    """The header that says where something is, below the root path of the application."""
    return {"Location": request.scope.get("root_path", "") + path}


def book(
    value: records.Book, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """One book, with its version as entity tag."""
    return _book(value, status=status, headers={"ETag": etag(value.version), **(headers or {})})


def not_modified(version: int) -> Response:
    """The answer to a client that has this version of a book."""
    return Response(status_code=304, headers={"ETag": etag(version)})


def book_json(value: records.Book) -> bytes:
    """One book as it is answered, and as it is kept in a cache."""
    encoded: bytes = _book.encode(value)
    return encoded


def book_line(value: records.Book) -> bytes:
    """One line of the export."""
    return book_json(value) + b"\n"


def book_of_json(body: bytes, version: int) -> Response:
    """One book that was encoded before."""
    return Response(body, 200, {"ETag": etag(version)}, JSON)


def books_of_json(body: bytes) -> Response:
    """A page of books that was encoded before."""
    return Response(body, 200, None, JSON)


def no_content() -> Response:
    """The answer to a deletion."""
    return Response(status_code=204)
