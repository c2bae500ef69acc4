"""The page about what layers are timed under, a section a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bakeoff_bench.arms.catalogue import DATABASES
from bakeoff_bench.fairness.cells import Cell
from bakeoff_bench.fairness.judging import differing, reason_for
from bakeoff_bench.fairness.sessions import SERVERS_OWN

TITLES = {
    "sqlite": "SQLite",
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
}
_INTRODUCTION = """\
<!-- Written by `python -m bakeoff_bench.fairness --write`, from what open connections answer. -->
# Is the comparison fair?

Each layer is opened as the bench opens it, with a pool of ten. Then it reads, waits and writes,
and every connection that its driver holds meanwhile is asked what it is set to. What can be the
same must be: a difference is an error unless it is listed with its reason.

Versions are not here: every result of the bench holds those that it was measured with, together
with the settings of the servers. What this page calls *the server's own*, the layers leave alone.
"""


def section(cells: Sequence[Cell]) -> str:
    """What holds on one database."""
    database = cells[0].database
    lines = [
        f"## {TITLES[database]}",
        "",
        *_table(
            ("backend", "layer", "driver"),
            ((f"`{cell.backend}`", cell.layer, cell.driver) for cell in cells),
        ),
        "",
        "The same for all:",
        "",
    ]
    apart = differing(cells)
    first = cells[0].facts
    same = ((name, _code(first[name])) for name in first if name not in apart)
    lines += _table(("condition", "value"), same)
    if apart:
        lines += ["", "Not the same:", ""]
        lines += _table(
            ("condition", *(f"`{cell.backend}`" for cell in cells), "why that is fair"),
            (
                (
                    name,
                    *(_code(cell.facts.get(name, "none")) for cell in cells),
                    reason_for(name, database=database) or "It is not.",
                )
                for name in apart
            ),
        )
    return "\n".join(lines) + "\n"


def split(page: str) -> dict[str, str]:
    """The sections of a page, by the name of the database."""
    parts = {part.partition("\n")[0]: f"## {part}" for part in f"\n{page}".split("\n## ")[1:]}
    return {
        name: parts[title].rstrip("\n") + "\n" for name, title in TITLES.items() if title in parts
    }


def join(sections: Mapping[str, str]) -> str:
    """A page of these sections, in the usual order."""
    return "\n".join([_INTRODUCTION, *(sections[name] for name in DATABASES if name in sections)])


def _code(value: str) -> str:
    return value if value == SERVERS_OWN else f"`{value}`"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        escaped = (cell.replace("|", r"\|") for cell in cells)
        return f"| {' | '.join(escaped)} |"

    return [line(header), line(["---"] * len(header)), *map(line, rows)]
