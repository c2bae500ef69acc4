"""The values that a client may send, each with its check and its JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from bakeoff_schemas import attributes, isbn, money, text, timestamps
from bakeoff_schemas.records import LARGEST_STOCK

EARLIEST_YEAR, LATEST_YEAR = -4000, 2100

_INTEGER = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")
    return value


def _text(*, shortest: int = 1, longest: int) -> Callable[[str], str]:
    return lambda value: text.clean(value, shortest=shortest, longest=longest)


def _text_schema(*, shortest: int = 1, longest: int, example: str) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": "string",
            "minLength": shortest,
            "maxLength": longest,
            "pattern": r"\S",
            "examples": [example],
        }
    )


def _integer(value: object) -> object:
    if isinstance(value, str):
        if not _INTEGER.fullmatch(value):
            raise ValueError("must be an integer")
        return int(value)
    return value


def _boolean(value: object) -> object:
    if isinstance(value, str):
        if value not in ("true", "false"):
            raise ValueError("must be true or false")
        return value == "true"
    return value


def _day(value: object) -> object:
    if value is None:
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a date such as 1929-10-21")
    return date.fromisoformat(value)


def _email(value: str) -> str:
    lowered = text.clean(value, shortest=3, longest=254).lower()
    if not _EMAIL.fullmatch(lowered) or len(lowered) > 254:
        raise ValueError("must be an e-mail address")
    return lowered


def _tags(value: object) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("must be a list of strings")
    return text.fold_tags([_string(item) for item in value])


def _attributes(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be a JSON object")
    return attributes.check(value)


AuthorNameText = Annotated[
    str,
    AfterValidator(_text(longest=200)),
    _text_schema(longest=200, example="Ursula K. Le Guin"),
]
Title = Annotated[
    str,
    AfterValidator(_text(longest=300)),
    _text_schema(longest=300, example="A Wizard of Earthsea"),
]
Username = Annotated[
    str,
    AfterValidator(_text(shortest=3, longest=50)),
    _text_schema(shortest=3, longest=50, example="ged"),
]
Email = Annotated[
    str,
    AfterValidator(_email),
    WithJsonSchema(
        {"type": "string", "format": "email", "maxLength": 254, "examples": ["ged@example.com"]}
    ),
]
Password = Annotated[
    str,
    AfterValidator(text.storable),
    Field(min_length=8, max_length=1024, examples=["correct horse battery staple"]),
]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["1929-10-21"]}),
]
Isbn = Annotated[
    str,
    AfterValidator(isbn.canonical),
    WithJsonSchema(
        {
            "type": "string",
            "description": "ISBN-10 or ISBN-13, with or without hyphens or spaces.",
            "minLength": 10,
            "maxLength": 25,
            "pattern": r"^\s*[0-9]([ -]?[0-9]){8,11}[ -]?[0-9Xx]\s*$",
            "examples": ["978-0-547-77374-2"],
        }
    ),
]
# Not le=2**63 - 1: the document holds limits as doubles, and no double has this value.
_ID = Field(ge=1, lt=2**63, examples=[42])
Id = Annotated[int, _ID]
PathId = Annotated[int, _ID, BeforeValidator(_integer)]
Year = Annotated[
    int,
    Field(
        ge=EARLIEST_YEAR,
        le=LATEST_YEAR,
        description="Negative before the common era.",
        examples=[1968],
    ),
]
QueryYear = Annotated[int, Field(ge=EARLIEST_YEAR, le=LATEST_YEAR), BeforeValidator(_integer)]
Price = Annotated[
    Decimal,
    PlainValidator(money.parse),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": money.PATTERN},
                {"type": "number", "minimum": 0, "maximum": 99999999.99, "multipleOf": 0.01},
            ],
            "description": "At most two decimal places, 0 to 99999999.99.",
            "examples": ["12.50"],
        }
    ),
]
QueryPrice = Annotated[
    Decimal,
    PlainValidator(money.parse),
    WithJsonSchema({"type": "string", "pattern": money.PATTERN, "examples": ["12.50"]}),
]
Stock = Annotated[int, Field(ge=0, le=LARGEST_STOCK, examples=[12])]
Quantity = Annotated[int, Field(ge=1, le=1000, examples=[2])]
Tags = Annotated[
    list[str],
    PlainValidator(_tags),
    WithJsonSchema(
        {
            "type": "array",
            "description": "At most 20 after folding the case and merging duplicates.",
            "items": {"type": "string", "minLength": 1, "maxLength": 50, "pattern": r"\S"},
            "maxItems": 20,
            "examples": [["fantasy", "islands"]],
        }
    ),
]
Attributes = Annotated[
    dict[str, Any],
    PlainValidator(_attributes),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": True,
            "description": "At most 16 KiB encoded and 32 levels deep, integers within ±2**53.",
            "examples": [{"pages": 205}],
        }
    ),
]
Limit = Annotated[int, Field(ge=1, le=100), BeforeValidator(_integer)]
Offset = Annotated[int, Field(ge=0, le=1_000_000), BeforeValidator(_integer)]
Position = Annotated[int, Field(ge=0, lt=2**63, examples=[42]), BeforeValidator(_integer)]
QueryBool = Annotated[bool, BeforeValidator(_boolean)]
QueryTag = Annotated[
    str,
    AfterValidator(text.fold_tag),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 50, "pattern": r"\S"}),
]
SearchText = Annotated[
    str,
    AfterValidator(_text(longest=300)),
    AfterValidator(text.search_key),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 300, "pattern": r"\S"}),
]
CursorText = Annotated[str, AfterValidator(text.storable), Field(min_length=1, max_length=4096)]
QueryInstant = Annotated[
    datetime,
    PlainValidator(lambda value: timestamps.parse(_string(value))),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "description": "RFC 3339 with an offset.",
            "examples": ["2024-05-01T12:00:00Z"],
        }
    ),
]
