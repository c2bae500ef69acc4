"""Makes ISBNs of both kinds; on purpose not with the code under test."""

from __future__ import annotations

import random


def check10(nine: str) -> str:
    """The check digit of an ISBN-10: its weighted sum is a multiple of 11."""
    weighted = sum((10 - place) * int(digit) for place, digit in enumerate(nine))
    value = (11 - weighted % 11) % 11
    return "X" if value == 10 else str(value)


def check13(twelve: str) -> str:
    """The check digit of an ISBN-13: its sum with weights 1 and 3 is a multiple of 10."""
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(twelve))
    return str((10 - weighted % 10) % 10)


def isbn13(prefix: str = "979") -> str:
    """A random ISBN-13; few real books begin with 979, so that a filled store is no obstacle."""
    twelve = prefix + f"{random.SystemRandom().randrange(10**9):09}"
    return twelve + check13(twelve)


def isbn10(*, check: str | None = None) -> str:
    """A random ISBN-10, on request with a certain check digit."""
    while True:
        nine = f"{random.SystemRandom().randrange(10**9):09}"
        if check in (None, check10(nine)):
            return nine + check10(nine)


def as13(isbn: str) -> str:
    """The ISBN-13 of an ISBN-10."""
    twelve = "978" + isbn[:9]
    return twelve + check13(twelve)
