"""A small query layer: one notation for SQL, translated for each driver when a module is imported.

The notation has three elements of its own; everything else is SQL and is sent as it is:

`:name`           a parameter; it may occur more than once.
`:name::bigint`   a parameter of that type: asyncpg encodes for the type that PostgreSQL infers,
                  and refuses 2**40 for a SMALLINT that it is only compared with.
`IN :name`        a list of any length as one parameter, so that its length is not part of the text.

Where databases differ in more than that, the text for one of them stands beside the common one.
Statements with semicolons in between are one packet on MySQL, which has no RETURNING, and one hop
to the thread each on SQLite. On PostgreSQL one statement does the same by WITH.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

Parameters = Mapping[str, Any]

_PARAMETER = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)(::\w+(?:\[\])?)?")
_LIST = re.compile(r"\bIN (:[a-z_]\w*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement, or several, as each driver takes it."""

    postgresql: str
    positions: Callable[[Parameters], tuple[Any, ...]]
    mysql: str
    mysql_results: int
    sqlite: tuple[str, ...]


@lru_cache(maxsize=1024)
def statement(
    text: str = "",
    *,
    postgresql: str | None = None,
    mysql: str | None = None,
    sqlite: str | None = None,
) -> Statement:
    """Translate a text; equal texts give the same object."""
    in_order, positions = _numbered(text if postgresql is None else postgresql)
    formatted = _formatted(text if mysql is None else mysql)
    return Statement(
        postgresql=in_order,
        positions=positions,
        mysql=formatted,
        mysql_results=formatted.count(";") + 1,
        sqlite=tuple(_named(part) for part in (text if sqlite is None else sqlite).split(";")),
    )


def _numbered(text: str) -> tuple[str, Callable[[Parameters], tuple[Any, ...]]]:
    """`$1`, `$2`, … for asyncpg, and what puts the parameters into that order."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        position = names.setdefault(match[1], len(names) + 1)
        return f"${position}{match[2] or ''}"

    text = _PARAMETER.sub(number, _LIST.sub(r"= ANY(\1)", text))
    return text, _in_order(tuple(names))


def _in_order(names: tuple[str, ...]) -> Callable[[Parameters], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    if names:
        (name,) = names
        return lambda parameters: (parameters[name],)
    return lambda parameters: ()


def _formatted(text: str) -> str:
    """`%(name)s` for aiomysql and asyncmy, which write a list with its parentheses."""
    return _PARAMETER.sub(r"%(\1)s", text.replace("%", "%%"))


def _named(text: str) -> str:
    """SQLite takes names; a list comes as JSON, because a parameter there holds one value."""
    text = _LIST.sub(r"IN (SELECT value FROM json_each(\1))", text)
    return _PARAMETER.sub(r":\1", text).strip()
