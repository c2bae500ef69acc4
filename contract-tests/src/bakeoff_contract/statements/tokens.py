"""Splits SQL into words, values and signs, by the rules of each database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

VALUE = "?"
_DOUBLED = r"'(?:[^']|'')*(?:'|\Z)"
_ESCAPED = r"'(?:[^'\\]|\\.|'')*(?:'|\Z)"
_STRINGS = {
    "sqlite": rf"[xX]?{_DOUBLED}",
    "postgresql": (
        rf"[eE]{_ESCAPED}|(?:[bBxXnN]|[uU]&)?{_DOUBLED}"
        r"|\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)"
    ),
    "mysql": (rf"(?:[bBxXnN]|_[a-zA-Z0-9]+\s*)?{_ESCAPED}" + r"|\"(?:[^\"\\]|\\.|\"\")*(?:\"|\Z)"),
}
_COMMENTS = {
    "sqlite": r"--[^\n]*",
    "postgresql": r"--[^\n]*",
    "mysql": r"--(?:\s[^\n]*|\Z)|\#[^\n]*",
}
# Parameters that are sent separately have marks in the text; the drivers of MySQL write values.
_MARKS = {
    "sqlite": r"\?\d*|[:@$][^\W\d]\w*",
    "postgresql": r"\$\d+",
    "mysql": r"\?",
}
_NUMBER = r"0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_REST = r"""
    | (?P<quoted>"(?:[^"]|"")*" | `(?:[^`]|``)*`)
    | (?P<word>@{0,2}[^\W\d][\w$]*)
    | (?P<sign>::|:=|->>|->|<=>|<=|>=|<>|!=|\|\||@>|<@|&&|<<|>>|[^\s])
"""
_PATTERNS = {
    family: re.compile(
        rf"""
          (?P<hint>/\*\+.*?\*/)
        | (?P<comment>/\*.*?(?:\*/|\Z) | {_COMMENTS[family]})
        | (?P<space>\s+)
        | (?P<value>{_STRINGS[family]} | {_MARKS[family]})
        | (?P<number>{_NUMBER})
        {_REST}
        """,
        re.VERBOSE | re.DOTALL,
    )
    for family in _STRINGS
}
# After one of these a minus belongs to the number that follows.
_BEFORE_A_VALUE = (
    *("SELECT", "DISTINCT", "WHERE", "AND", "OR", "NOT", "ON", "HAVING", "IN", "LIKE", "BETWEEN"),
    *("CASE", "WHEN", "THEN", "ELSE", "SET", "VALUES", "BY", "LIMIT", "OFFSET", "INTERVAL"),
    "RETURNING",
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a sign, and whether there was white space before it."""

    text: str
    spaced: bool = False


def tokens(sql: str, *, family: str) -> list[Token]:
    """The tokens of a text, with `?` for every value; comments are white space."""
    read: list[Token] = []
    for kind, found, spaced in _pieces(sql, _PATTERNS[family]):
        if kind == "number" and read and _is_sign_of_number(read):
            spaced = read.pop().spaced
        if kind in ("value", "number") or (kind == "word" and _is_truth(found, read)):
            read.append(Token(VALUE, spaced))
        else:
            read.append(Token(" ".join(found.split()) if kind == "hint" else found, spaced))
    return read


def _pieces(sql: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, str, bool]]:
    spaced = False
    for found in pattern.finditer(sql):
        kind = found.lastgroup or ""
        if kind in ("space", "comment"):
            spaced = True
        else:
            yield kind, found[0], spaced
            spaced = False


def _is_sign_of_number(read: list[Token]) -> bool:
    if read[-1].text not in ("-", "+"):
        return False
    before = read[-2].text if len(read) > 1 else "("
    is_operand = before in (VALUE, ")", "]") or before[-1] in '"`' or before[-1].isalnum()
    return not is_operand or before.upper() in _BEFORE_A_VALUE


def _is_truth(word: str, read: list[Token]) -> bool:
    """TRUE and FALSE are values, except in IS TRUE."""
    if word.upper() not in ("TRUE", "FALSE"):
        return False
    return not read or read[-1].text.upper() not in ("IS", "NOT")
