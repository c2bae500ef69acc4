"""What the service answers about the metadata of a book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field


class PartnerFailed(Exception):
    """The partner gave no usable answer; the message has neither its address nor what it sent."""


Source = Literal["partner", "unavailable", "no-isbn"]


@dataclass(slots=True, kw_only=True)
class Metadata:
    """What the partner knows of a book; null is what it did not say, or said in another type."""

    cover_url: Annotated[str | None, Field(examples=["https://covers.example/9780547773742.jpg"])]
    description: str | None
    pages: Annotated[int | None, Field(examples=[205])]
    publisher: Annotated[str | None, Field(examples=["Houghton Mifflin Harcourt"])]


@dataclass(slots=True, kw_only=True)
class BookMetadata:
    """A book, and what the partner knows of it."""

    book_id: Annotated[int, Field(examples=[7])]
    isbn: Annotated[str | None, Field(description="13 digits.", examples=["9780547773742"])]
    metadata: Annotated[
        Metadata | None,
        Field(description="Null if `source` is not `partner`, or the partner has nothing."),
    ]
    source: Annotated[
        Source,
        Field(
            title="MetadataSource",
            description="`partner`: it answered; `unavailable`: it did not, ask again later; "
            "`no-isbn`: the book has none to ask with.",
        ),
    ]
