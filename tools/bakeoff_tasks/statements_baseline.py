"""The committed baseline: a file for each backend, where a review sees what has grown.

A statement is kept as its verb and its tables, because another column or alias is no growth.
Databases on which a backend sends the same share an entry.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from bakeoff_tasks.registry import ROOT

FOLDER = ROOT / "contract-tests" / "baselines"
_TABLE = re.compile(
    r"""
    (?P<locked> FOR\ (?:NO\ KEY\ )?UPDATE )
    | (?P<into> INSERT\ (?:IGNORE\ |OR\ \w+\ )?INTO ) \ ["`]? (?P<filled>\w+)
    | (?P<verb> DELETE\ FROM | (?<!KEY\ )(?<!DO\ )UPDATE | FROM | JOIN | STRAIGHT_JOIN )
      \ ["`]? (?P<table>\w++) (?!["`]?\ ?\()
    """,
    re.VERBOSE | re.IGNORECASE,
)


class Sent(TypedDict):
    """What one operation sends."""

    round_trips: int
    statements: list[str]


class _Entry(TypedDict):
    backend: str
    databases: list[str]
    operations: dict[str, Sent]


Operations = Mapping[str, Sent]
Baseline = Mapping[tuple[str, str], Operations]


def outline(statement: str) -> str:
    """The verb and the tables; without a table the whole text, but just SET for settings.

    >>> outline("SELECT a.x FROM books AS a JOIN authors ON a.y = ? FOR UPDATE")
    'SELECT books, authors FOR UPDATE'
    """
    verb = statement.partition(" ")[0].upper()
    if verb == "SET":
        return verb
    named: list[str] = []
    locked = ""
    for found in _TABLE.finditer(statement):
        if found["locked"]:
            locked = f" {found['locked'].upper()}"
            continue
        action = (found["into"] or found["verb"]).partition(" ")[0].upper()
        table = found["filled"] or found["table"]
        writes = verb == "WITH" and action in ("INSERT", "UPDATE", "DELETE")
        named.append(f"{action} {table}" if writes else table)
    return f"{verb} {', '.join(dict.fromkeys(named))}{locked}" if named else statement


def outlined(operations: Operations) -> Operations:
    """The same with outlines in place of statements."""
    return {
        name: {
            "round_trips": sent["round_trips"],
            "statements": [outline(text) for text in sent["statements"]],
        }
        for name, sent in operations.items()
    }


def read(folder: Path) -> Baseline:
    """The files of all backends."""
    files = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return {
        (entry["backend"], database): entry["operations"]
        for file in files
        for entry in file["cells"]
        for database in entry["databases"]
    }


def write(folder: Path, cells: Baseline) -> None:
    """Write a file for each backend, sorted, a statement a line."""
    folder.mkdir(parents=True, exist_ok=True)
    for backend in {backend for backend, _ in cells}:
        own = {cell: sent for cell, sent in cells.items() if cell[0] == backend}
        text = json.dumps({"cells": _entries(own)}, indent=1, ensure_ascii=False)
        (folder / f"{backend}.json").write_text(text + "\n", encoding="utf-8")


def _entries(cells: Baseline) -> list[_Entry]:
    entries: list[_Entry] = []
    for backend, database in sorted(cells):
        operations = dict(sorted(cells[backend, database].items()))
        for entry in entries:
            if entry["backend"] == backend and entry["operations"] == operations:
                entry["databases"].append(database)
                break
        else:
            entries.append({"backend": backend, "databases": [database], "operations": operations})
    return entries


def grown(before: Operations, now: Operations) -> list[str]:
    """The operations that send more than in the baseline, and those that are not in it."""
    notes = []
    for name, sent in now.items():
        if name not in before:
            notes.append(f"{name} is not in the baseline")
        elif _costs_more(before[name], sent):
            notes.append(_difference(name, before[name], sent))
    return notes


def changed(before: Operations, now: Operations) -> list[str]:
    """The operations that send less or something else, and those that are only in the baseline."""
    notes = [f"{name} is only in the baseline" for name in before if name not in now]
    for name, sent in now.items():
        if name in before and sent != before[name] and not _costs_more(before[name], sent):
            notes.append(_difference(name, before[name], sent))
    return notes


def _costs_more(before: Sent, now: Sent) -> bool:
    return now["round_trips"] > before["round_trips"] or len(now["statements"]) > len(
        before["statements"]
    )


def _difference(name: str, before: Sent, now: Sent) -> str:
    counts = (
        f"{len(before['statements'])} → {len(now['statements'])} statements, "
        f"{before['round_trips']} → {now['round_trips']} round trips"
    )
    return f"{name}: {counts}: {'; '.join(before['statements'])} → {'; '.join(now['statements'])}"
