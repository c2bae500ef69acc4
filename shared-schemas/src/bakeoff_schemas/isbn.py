"""ISBN-10 and ISBN-13 (ISO 2108), stored as 13 digits."""

from __future__ import annotations

import re

# re.ASCII matters: \d would let Arabic-Indic and other decimal digits through.
_SEPARATED = re.compile(r"[0-9](?:[ -]?[0-9]){8,11}[ -]?[0-9Xx]", re.ASCII)


def isbn10_check_digit(digits: str) -> str:
    """The tenth character for nine digits, by weights ten to two, modulo 11."""
    total = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), digits, strict=True))
    return "0123456789X"[-total % 11]


def isbn13_check_digit(digits: str) -> str:
    """The thirteenth digit for twelve, by weights one and three, modulo 10."""
    weights = (1, 3) * 6
    total = sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True))
    return str(-total % 10)


def canonical(value: str) -> str:
    """The thirteen digits of an ISBN-10 or ISBN-13 written with or without hyphens and spaces.

    :raises ValueError: not an ISBN, or its check digit does not hold.
    """
    written = value.strip()
    if not _SEPARATED.fullmatch(written):
        raise ValueError("must be an ISBN of 10 or 13 digits")
    compact = written.replace("-", "").replace(" ", "").upper()
    if len(compact) == 10:
        if isbn10_check_digit(compact[:9]) != compact[9]:
            raise ValueError("has a wrong ISBN check digit")
        prefixed = "978" + compact[:9]
        return prefixed + isbn13_check_digit(prefixed)
    if len(compact) != 13 or compact[:3] not in ("978", "979"):
        raise ValueError("must be an ISBN of 10 or 13 digits")
    if isbn13_check_digit(compact[:12]) != compact[12]:
        raise ValueError("has a wrong ISBN check digit")
    return compact
