"""Money: decimals with two places, never through a binary float."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

CENT = Decimal("0.01")
LARGEST = Decimal("99999999.99")
PATTERN = r"^[0-9]{1,8}(\.[0-9]{1,2})?$"
_WRITTEN = re.compile(PATTERN, re.ASCII)


class NumberLiteral(float):
    """A JSON number with its digits as written.

    As floats, `12.3400000000000001` and `12.34` are equal; by their digits, the first has too many
    places.
    """

    literal: str

    def __new__(cls, literal: str) -> NumberLiteral:
        """Keep the digits beside the float they stand for."""
        number = super().__new__(cls, literal)
        number.literal = literal
        return number


def parse(value: object) -> Decimal:
    """An amount from a decimal string, a JSON number or a Decimal, with two places.

    :raises ValueError: not an amount, more than two places, or outside 0 … 99999999.99.
    """
    if isinstance(value, str):
        if not _WRITTEN.match(value) or value.endswith("\n"):
            raise ValueError('must be an amount such as "12.50"')
        return Decimal(value).quantize(CENT)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError('must be an amount such as "12.50"')
    try:
        written = value.literal if isinstance(value, NumberLiteral) else str(value)
        amount = Decimal(written)
    except InvalidOperation:
        raise ValueError('must be an amount such as "12.50"') from None
    if not amount.is_finite():
        raise ValueError("must be a finite number")
    _, _, exponent = amount.as_tuple()
    if isinstance(exponent, int) and exponent < -2:
        raise ValueError("must have at most two decimal places")
    if not 0 <= amount <= LARGEST:
        raise ValueError(f"must be between 0 and {LARGEST}")
    return abs(amount).quantize(CENT)


def from_database(value: Decimal | float | str) -> Decimal:
    """The stored amount, to two places again.

    SQLite stores NUMERIC as an integer or a double. The shortest decimal text of a double of at
    most 15 significant digits is the decimal that was stored.
    """
    return Decimal(str(value)).quantize(CENT)


def from_cents(cents: int) -> Decimal:
    """An amount from whole cents."""
    return Decimal(cents).scaleb(-2)


def average(total_cents: int, count: int) -> Decimal:
    """The mean of `count` amounts that add up to `total_cents`, rounded half-even to cents."""
    quotient, remainder = divmod(total_cents, count)
    twice = 2 * remainder
    if twice > count or (twice == count and quotient % 2):
        quotient += 1
    return from_cents(quotient)
