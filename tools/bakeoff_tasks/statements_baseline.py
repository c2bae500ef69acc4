"""The committed baseline, in which a review sees what an operation sends more than before.

A statement is there by its verb and its tables: what a column more or another alias does to the
text is of no interest here. Databases on which a backend sends the same share an entry.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from bakeoff_tasks.registry import ROOT

PATH = ROOT / "statements.json"
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
    """The verb and the tables; the whole text where there is none, but of settings just SET.

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


def read(path: Path) -> Baseline:
    """The baseline as it is committed; empty before there is one."""
    if not path.exists():
        return {}
    entries = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {
        (entry["backend"], database): entry["operations"]
        for entry in entries
        for database in entry["databases"]
    }


def write(path: Path, cells: Baseline) -> None:
    """Write it sorted, a statement a line."""
    entries: list[_Entry] = []
    for backend, database in sorted(cells):
        operations = dict(sorted(cells[backend, database].items()))
        for entry in entries:
            if entry["backend"] == backend and entry["operations"] == operations:
                entry["databases"].append(database)
                break
        else:
            entries.append({"backend": backend, "databases": [database], "operations": operations})
    text = json.dumps({"cells": entries}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def grown(before: Operations, now: Operations) -> list[str]:
    """The operations that send more than before, and those that nothing is known of."""
    notes = []
    for name, sent in now.items():
        if name not in before:
            notes.append(f"{name} is not in the baseline")
        elif _costs_more(before[name], sent):
            notes.append(_difference(name, before[name], sent))
    return notes


def changed(before: Operations, now: Operations) -> list[str]:
    """The operations that send less, or something else, and those that are no more."""
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
