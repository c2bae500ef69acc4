"""ISBNs, from a body or a path.

What is accepted has 13 digits whose weighted sum is right, stands for the digits that were written,
and is accepted again as it is, with hyphens, and in its short form. What is refused has no such sum
or is not written as an ISBN.

Input: an ISBN in UTF-8.
"""

from __future__ import annotations

from bakeoff_schemas import isbn

_DIGITS = frozenset("0123456789")


def check(data: bytes) -> None:
    """Read one ISBN."""
    written = data.decode("utf-8", "replace")
    found = _canonical(written)
    expected = _by_definition(written)
    assert found == expected, f"{found} is not {expected}"
    if found is None:
        return
    assert _canonical(found) == found
    assert _canonical(f"{found[:3]}-{found[3]}-{found[4:12]}-{found[12]}") == found
    if found.startswith("978"):
        short = found[3:12]
        assert _canonical(short + isbn.isbn10_check_digit(short)) == found


def _canonical(written: str) -> str | None:
    try:
        return isbn.canonical(written)
    except ValueError:
        return None


def _by_definition(written: str) -> str | None:
    """ISO 2108 with the sums of its annexes, and one hyphen or space at most between digits."""
    text = written.strip()
    for separator in "- ":
        if text.startswith(separator) or text.endswith(separator):
            return None
    if any(pair in text for pair in ("--", "- ", " -", "  ")):
        return None
    compact = "".join(character for character in text if character not in "- ").upper()
    body, last = compact[:-1], compact[-1:]
    if not _DIGITS.issuperset(body):
        return None
    if len(compact) == 10 and (last in _DIGITS or last == "X"):
        values = [int(digit) for digit in body] + [10 if last == "X" else int(last)]
        if sum((10 - place) * value for place, value in enumerate(values)) % 11:
            return None
        return next(
            "978" + body + digit for digit in "0123456789" if not _sum_13("978" + body + digit)
        )
    if len(compact) == 13 and last in _DIGITS and compact[:3] in ("978", "979"):
        return None if _sum_13(compact) else compact
    return None


def _sum_13(digits: str) -> int:
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10
