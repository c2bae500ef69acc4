"""Instants in UTC with microseconds, written in one form."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from pydantic import TypeAdapter

# RFC 3339, section 5.6. datetime.fromisoformat accepts much more (week dates, no seconds, commas).
PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)
_WRITTEN = re.compile(PATTERN, re.ASCII)
_LENGTH = len("YYYY-MM-DDTHH:MM:SS.ffffffZ")

# Three times as fast as isoformat, which took half the time of encoding a page.
_write = TypeAdapter(datetime).serializer.to_python


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def write(value: datetime) -> str:
    """RFC 3339 in UTC with six fractional digits and `Z`; expects an aware UTC datetime."""
    text: str = _write(value, mode="json")
    if len(text) == _LENGTH:
        return text
    # pydantic drops a fraction that is zero, and has no option to keep it.
    return value.isoformat(timespec="microseconds")[:26] + "Z"


def parse(value: str) -> datetime:
    """An RFC 3339 instant with an offset, converted to UTC.

    :raises ValueError: not RFC 3339, without an offset, no such day, or outside the years 1 … 9999.
    """
    if not _WRITTEN.match(value) or value.endswith("\n"):
        raise ValueError(
            "must be an RFC 3339 date-time with an offset, such as 2024-05-01T12:00:00Z"
        )
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a date-time that exists, in the years 1 to 9999") from None


def to_sqlite(value: datetime) -> str:
    """The text SQLite keeps, `YYYY-MM-DD HH:MM:SS.ffffff` in UTC; it sorts as the instants do."""
    return value.isoformat(" ", timespec="microseconds")[:26]


def from_naive(value: datetime) -> datetime:
    """An instant from a column without a zone (MySQL's DATETIME), which holds UTC by contract."""
    return value.replace(tzinfo=UTC)


def from_sqlite(value: str) -> datetime:
    """An instant from the text SQLite keeps."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC)
