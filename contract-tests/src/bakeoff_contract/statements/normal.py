"""Writes statements so that their text does not depend on values, nor on their number.

Not by sqlglot: it generates the text anew, and not as it was sent (docs/decisions/0006).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bakeoff_contract.statements.tokens import VALUE, Token, tokens

_CLOSING = {"(": ")", "[": "]"}
# A list in the brackets after one of these is as long as there are values.
_BEFORE_A_LIST = ("IN", "ARRAY")


@dataclass(frozen=True, slots=True)
class _Group:
    """The parts between two brackets."""

    opening: str
    parts: list[_Part]
    spaced: bool


_Part = Token | _Group


def statements(sql: str, *, family: str) -> list[str]:
    """The statements of a text, one line each.

    Values are `?`. A list after IN is written with one value, and rows that are alike as one row.
    NULL stays, except where it is one of the values in brackets.
    """
    parts = _parse(iter(tokens(sql, family=family)))
    written = (_write(_fold(statement)) for statement in _split(parts, ";"))
    return [text for text in written if text]


def _parse(source: Iterator[Token], closing: str = "") -> list[_Part]:
    parts: list[_Part] = []
    for token in source:
        if token.text == closing:
            break
        if token.text in _CLOSING:
            inner = _parse(source, _CLOSING[token.text])
            parts.append(_Group(token.text, inner, token.spaced))
        else:
            parts.append(token)
    return parts


def _split(parts: Sequence[_Part], separator: str) -> list[list[_Part]]:
    items: list[list[_Part]] = [[]]
    for part in parts:
        if isinstance(part, Token) and part.text == separator:
            items.append([])
        else:
            items[-1].append(part)
    return items


def _fold(parts: Sequence[_Part]) -> list[_Part]:
    folded: list[_Part] = []
    for part in parts:
        if isinstance(part, Token):
            folded.append(part)
            continue
        before = _word(folded[-1:])
        group = _Group(part.opening, _fold_inside(part, before), part.spaced)
        row: list[_Part] = [*folded[-1:], group] if before == "ROW" else [group]
        previous = folded[: len(folded) - len(row) + 1]
        if _is_another(row, previous):
            # The previous row stands for this one too.
            del folded[len(previous) - 1 :]
        else:
            folded.append(group)
    return _fold_branches(folded)


def _fold_branches(parts: list[_Part]) -> list[_Part]:
    """Keep one of equal branches of a CASE."""
    kept: list[_Part] = []
    branch: list[_Part] = []
    previous = ""
    for part in [*parts, Token("END")]:
        if _word([part]) in ("WHEN", "ELSE", "END"):
            text = _write(branch)
            if text != previous or VALUE not in text:
                kept += branch
            previous = text if _word(branch[:1]) == "WHEN" else ""
            branch = []
        branch.append(part)
    return kept


def _is_another(row: list[_Part], previous: list[_Part]) -> bool:
    """Whether `previous` ends in the same row and a comma."""
    if _word(previous[-1:]) != ",":
        return False
    text = _write(row)
    return VALUE in text and _write(previous[-1 - len(row) : -1]) == text


def _fold_inside(group: _Group, before: str) -> list[_Part]:
    value: list[_Part] = [Token(VALUE)]
    items = [
        value if _word(item) == "NULL" and len(item) == 1 else item
        for item in _split(_fold(group.parts), ",")
    ]
    joined: list[_Part] = []
    previous = ""
    for number, item in enumerate(items):
        text = _write(item)
        if before in _BEFORE_A_LIST and text == previous and VALUE in text:
            continue
        joined += [Token(","), *item] if number else item
        previous = text
    return joined


def _word(parts: Sequence[_Part]) -> str:
    last = parts[-1] if parts else None
    return last.text.upper() if isinstance(last, Token) else ""


def _write(parts: Sequence[_Part]) -> str:
    text = ""
    for part in parts:
        shown = (
            part.text
            if isinstance(part, Token)
            else f"{part.opening}{_write(part.parts)}{_CLOSING[part.opening]}"
        )
        if text and shown != "," and (part.spaced or text.endswith(",")):
            text += " "
        text += shown
    return text
