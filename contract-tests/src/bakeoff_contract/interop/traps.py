"""The data set: every kind of value that two layers could disagree about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from bakeoff_contract import isbns
from bakeoff_contract.api import Json
from bakeoff_contract.interop import texts

# Every visible character of ASCII, up to the longest key there may be.
KEY = "".join(chr(code) for code in range(0x21, 0x7F)) * 3
LONGEST_KEY = 255


def _deep(levels: int) -> Any:
    value: Any = "bottom"
    for level in range(levels):
        value = {"k": value} if level % 2 else [value, None]
    return value


ATTRIBUTES: list[Json] = [
    {},
    {"": "", "empty": [], "none": None, "object": {}, "list": [[], {}, None, ""]},
    {"float": 1e300, "tiny": 5e-324, "tenth": 0.1, "whole": 1.0, "exponent": 1e16, "zero": -0.0},
    {"largest": 2**53, "smallest": -(2**53), "int": 2**31, "digits": 123456789.123456789},
    {"kinds": [True, 1, 1.0, "1", "true", None, False, 0, "", "null"]},
    {"z": 1, "a": 2, "10": 3, "9": 4, "\u00e9": 5, "e\u0301": 6, "\U0001f600": 7, "\uffee": 8},
    {"escapes": '\u2028 \u2029 \\ / " \b \x0c \n \r \t \x1f \x7f \ufeff', "\\": "\\\\", '"': "'"},
    {"$ref": "#/x", "a.b": {"c": 1}, "$[0]": 1, "%s": "%(x)s", ":p": "?", "__proto__": {"x": 1}},
    {"day": "2024-02-30", "time": "2024-01-01T00:00:00Z", "money": "12.50", "number": "1E400"},
    {"deep": _deep(31)},
    {"text": "\U0001f600" * 4000},
    {"object": [{"x": None}, {"x": {"y": [{"z": []}]}}], "NaN": "NaN", "Infinity": "-Infinity"},
]
PRICES: list[tuple[Any, str]] = [
    ("99999999.99", "99999999.99"),
    ("0", "0.00"),
    (0.1, "0.10"),
    ("0.01", "0.01"),
    (19.99, "19.99"),
    (100, "100.00"),
    ("9.5", "9.50"),
    ("10.00", "10.00"),
    ("8388608.07", "8388608.07"),
]
YEARS = [None, -4000, -1, 0, 1, 1582, 2100]
STOCKS = [0, 1, 2**31 - 1, 10]
BORN = [None, "0001-01-01", "9999-12-31", "1582-10-10", "2000-02-29", "1969-12-31"]


@dataclass(frozen=True, slots=True)
class Trap:
    """What to send, and which fields of it come back in another spelling."""

    name: str
    sent: Json
    respelt: Json = field(default_factory=dict)

    @property
    def answered(self) -> Json:
        """What must come back."""
        return self.sent | self.respelt


def books(*, author_ids: list[int]) -> list[Trap]:
    """Books with every trap in some field, all without an order."""
    rows = zip(
        texts.TITLES.items(),
        cycle(author_ids),
        cycle(ATTRIBUTES),
        cycle(PRICES),
        cycle(YEARS),
        cycle(STOCKS),
        cycle(texts.TAGS),
        _isbns(),
        strict=False,  # the titles end
    )
    return [
        Trap(
            name,
            {
                "isbn": isbn,
                "title": title,
                "author_id": author_id,
                "release_year": year,
                "price": price,
                "stock": stock,
                "in_print": number % 3 != 0,
                "tags": tags,
                "attributes": attributes,
            },
            {"isbn": isbn13, "price": answered_price, "tags": texts.folded(tags)},
        )
        for number, (
            (name, title),
            author_id,
            attributes,
            (price, answered_price),
            year,
            stock,
            tags,
            (isbn, isbn13),
        ) in enumerate(rows)
    ]


def authors() -> list[Trap]:
    """Authors, who may well have the same name as those of others."""
    return [
        Trap(name, {"name": written, "born": born})
        for (name, written), born in zip(texts.NAMES.items(), cycle(BORN), strict=False)
    ]


def users(writer: str) -> list[Trap]:
    """Customers; their names begin with the writer's, for they must differ from those of others."""
    domain = f"{writer}.example.com"
    names = {
        "sharp s": f"{writer} Stra\u00dfe",
        "emoji": f"{writer} \U0001f468\u200d\U0001f469",
        "long": f"{writer} ".ljust(50, "\U0010ffff"),
        "quotes": f"{writer} '\"\\%_",
    }
    return [
        Trap(
            name,
            {"username": username, "email": f"First.Last+{number}'@{domain.upper()}"},
            {"email": f"first.last+{number}'@{domain}"},
        )
        for number, (name, username) in enumerate(names.items())
    ]


def key(writer: str, number: int) -> str:
    """An idempotency key of the greatest length, different from those of others at its end."""
    end = f"{writer}{number}"
    return KEY[: LONGEST_KEY - len(end)] + end


def _isbns() -> Iterator[tuple[str | None, str | None]]:
    """None, an ISBN-10 with an X and hyphens, and an ISBN-13 with spaces; what is sent and kept."""
    while True:
        yield None, None
        ten = isbns.isbn10(check="X")
        yield f"{ten[0]}-{ten[1:5]}-{ten[5:9]}-{ten[9].lower()}", isbns.as13(ten)
        thirteen = isbns.isbn13()
        yield f"{thirteen[:3]} {thirteen[3:12]} {thirteen[12]}", thirteen
