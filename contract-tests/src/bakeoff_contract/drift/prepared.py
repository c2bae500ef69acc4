"""Hand-written statements, found in the modules of a package and shown to the server.

A statement is whatever has a text for each family under the family's name. Servers are asked to
prepare it, and SQLite to explain it: a table, a column or a type that is not there is refused, and
nothing is run.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from bakeoff_contract.drift.connecting import Run

_FORMATTED = re.compile(r"%\(\w+\)s|%s")
_NAMED = re.compile(r"(?<!:):[a-z_]\w*")
_FAMILIES = ("sqlite", "postgresql", "mysql")


def statements_of(package: ModuleType, family: str) -> dict[str, str]:
    """The texts for a family, by where they are; several in one are told apart by a number."""
    found: dict[str, str] = {}
    for module in _modules(package):
        for name, value in vars(module).items():
            if all(isinstance(getattr(value, each, None), str | tuple) for each in _FAMILIES):
                for number, text in enumerate(_texts(value, family)):
                    found.setdefault(f"{module.__name__}.{name}[{number}]", text)
    return found


def prepare(run: Run, text: str, *, family: str) -> None:
    """Let the server understand it; what it does not is the driver's error."""
    if family == "sqlite":
        # It wants values; a number in their place stands for all of them.
        run(f"EXPLAIN {_NAMED.sub('1', text).replace('?', '1')}")
    elif family == "postgresql":
        run(f"PREPARE shown AS {text}")
        run("DEALLOCATE shown")
    else:
        literal = text.replace("\\", "\\\\").replace("'", "''")
        run(f"PREPARE shown FROM '{literal}'")
        run("DEALLOCATE PREPARE shown")


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield import_module(found.name)


def _texts(value: Any, family: str) -> Iterator[str]:
    given = getattr(value, family)
    texts = [given] if isinstance(given, str) else list(given)
    if family == "mysql":
        # A bulk insert comes in three parts: before, for each row, and after.
        row, end = getattr(value, "mysql_row", ""), getattr(value, "mysql_end", "")
        texts = [_marked(text + row + end) for text in texts]
        texts = [part for text in texts for part in text.split(";")]
    yield from (text for text in texts if text.strip())


def _marked(text: str) -> str:
    """With question marks, and in parentheses where a driver would write a list."""
    text = re.sub(r"\bIN %\(\w+\)s", "IN (?)", text)
    return _FORMATTED.sub("?", text).replace("%%", "%")
