"""The pages on workarounds and traps, written from what the sources say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bakeoff_tasks.ledger import Trap, Workaround

_GENERATED = "<!-- Written by `nox -s workarounds -- --write`; edit {} instead. -->\n"
_WORKAROUNDS = """\
# Workarounds

Where a backend does by hand what its layer or driver should have done. Each spot is marked in the
source, and each has a canary: a test of the bare layer that is expected to fail, and that fails the
run of `nox -s unit` on the day it passes. The spot, the entry and the canary can then go.

| backend | workarounds |
| --- | --- |
"""
_TRAPS = """\
# Traps

What others reported of these layers, what we saw of it with the versions in use, and the tests that
show that no backend falls into it. A canary is a test of the bare layer, which does; it fails the
run of `nox -s unit` when the layer no longer does.

| trap | layer | status | tests | canaries |
| --- | --- | --- | --- | --- |
"""


def workarounds(entries: Sequence[Workaround]) -> str:
    """`docs/workarounds.md`."""
    grouped = [(name, list(own)) for name, own in groupby(entries, key=lambda one: one.backend)]
    table = "".join(f"| {backend} | {len(own)} |\n" for backend, own in grouped)
    sections = [f"\n## {backend}\n" + "".join(map(_workaround, own)) for backend, own in grouped]
    return (
        _GENERATED.format("`packages/*/workarounds.toml`")
        + _WORKAROUNDS
        + table
        + "".join(sections)
    )


def traps(known: Sequence[Trap], entries: Sequence[Workaround]) -> str:
    """`docs/traps.md`."""
    table = "".join(
        f"| [{trap.number}](#{trap.number}) | {', '.join(trap.layers)} | {trap.status} "
        f"| {len(trap.tests)} | {len(trap.canaries)} |\n"
        for trap in known
    )
    generated = _GENERATED.format("`docs/traps.toml` and the marks of the tests")
    return generated + _TRAPS + table + "".join(_trap(trap, entries) for trap in known)


def _workaround(entry: Workaround) -> str:
    # Without the lines, which move with every change above them.
    files = dict.fromkeys(mark.rpartition(":")[0] for mark in entry.marks)
    items = {
        "Instead: ": [entry.instead],
        "Where: ": _code(files),
        "Canary: ": _code([f"{entry.test}::{entry.canary}"]),
        "Upstream: ": [f"<{link}>" for link in entry.upstream],
        "Answers trap ": [f"[{number}](traps.md#{number})" for number in entry.trap],
    }
    heading = f"\n### `{entry.name}`\n\n**{entry.layer}**, seen with {entry.seen}. {entry.what}\n\n"
    return heading + "".join(_items(items))


def _trap(trap: Trap, entries: Sequence[Workaround]) -> str:
    through = [f"`{one.name}` ({one.backend})" for one in entries if trap.number in one.trap]
    items = {
        f"{trap.status.capitalize()}: ": [trap.seen],
        "Reported in ": [f"<{link}>" for link in trap.links],
        "Answered by ": _code(trap.tests),
        "Canaries: ": _code(trap.canaries),
        "Worked around: ": through,
    }
    heading = f"\n## {trap.number}\n\n**{', '.join(trap.layers)}**: {trap.reported}\n\n"
    return heading + "".join(_items(items))


def _items(items: dict[str, list[str]]) -> Iterator[str]:
    return (f"- {label}{', '.join(texts)}\n" for label, texts in items.items() if texts)


def _code(texts: Sequence[str] | dict[str, None]) -> list[str]:
    return [f"`{text}`" for text in texts]
