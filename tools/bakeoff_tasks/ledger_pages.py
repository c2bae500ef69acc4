"""The pages on workarounds and traps, written from what the sources say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bakeoff_tasks import traps as reported

if TYPE_CHECKING:
    from bakeoff_tasks.ledger import Workaround

_GENERATED = "<!-- Written by `nox -s workarounds -- --write`; edit {} instead. -->"
_WORKAROUNDS = """\
# Workarounds

Where a backend does by hand what its layer or driver should have done. Each spot is marked in the
source, and each has a canary: a test of the bare layer that is expected to fail, and that fails the
run of `nox -s unit` on the day it passes. The spot, the entry and the canary can then go.
"""
_TRAPS = """\
# Traps

What others reported of these layers, what we saw of it with the versions in use, and the tests that
show that no backend falls into it. A canary is a test of the bare layer, which does; it fails the
run of `nox -s unit` when the layer no longer does.
"""


def workarounds(entries: Sequence[Workaround]) -> str:
    """`docs/workarounds.md`."""
    return "\n".join([*_workarounds(entries)]) + "\n"


def traps(
    known: Sequence[reported.Trap],
    entries: Sequence[Mapping[str, Any]],
    canaries: Sequence[Mapping[str, Any]],
) -> str:
    """`docs/traps.md`."""
    return "\n".join([*_traps(known, entries, canaries)]) + "\n"


def _workarounds(entries: Sequence[Workaround]) -> Iterator[str]:
    yield _GENERATED.format("`packages/*/workarounds.toml`")
    yield _WORKAROUNDS
    yield "| backend | workarounds |"
    yield "| --- | --- |"
    grouped = [(name, list(own)) for name, own in groupby(entries, key=lambda one: one.backend)]
    for backend, own in grouped:
        yield f"| {backend} | {len(own)} |"
    for backend, own in grouped:
        yield ""
        yield f"## {backend}"
        for entry in own:
            yield ""
            yield f"### `{entry.name}`"
            yield ""
            yield f"**{entry.layer}**, seen with {entry.seen}. {entry.what}"
            yield ""
            yield f"- Instead: {entry.instead}"
            yield f"- Where: {', '.join(f'`{mark}`' for mark in _files(entry.marks))}"
            yield f"- Canary: `{entry.test}::{entry.canary}`"
            if entry.upstream:
                yield f"- Upstream: {', '.join(f'<{link}>' for link in entry.upstream)}"
            if entry.trap:
                listed = ", ".join(f"[{number}](traps.md#{number})" for number in entry.trap)
                yield f"- Answers trap {listed}"


def _files(marks: Sequence[str]) -> list[str]:
    """Without the lines, which move with every change above them."""
    return list(dict.fromkeys(mark.rpartition(":")[0] for mark in marks))


def _traps(
    known: Sequence[reported.Trap],
    entries: Sequence[Mapping[str, Any]],
    canaries: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    yield _GENERATED.format(f"`{reported.SOURCE}` and the marks of the tests")
    yield _TRAPS
    yield "| trap | layer | status | tests | canaries |"
    yield "| --- | --- | --- | --- | --- |"
    for trap in known:
        shown = reported.canaries_of(trap.number, entries, canaries)
        yield (
            f"| [{trap.number}](#{trap.number}) | {', '.join(trap.layers)} | {trap.status} "
            f"| {len(trap.tests)} | {len(shown)} |"
        )
    for trap in known:
        shown = reported.canaries_of(trap.number, entries, canaries)
        through = [
            f"`{entry['name']}` ({entry['backend']})"
            for entry in entries
            if trap.number in entry["trap"]
        ]
        yield ""
        yield f"## {trap.number}"
        yield ""
        yield f"**{', '.join(trap.layers)}**: {trap.reported}"
        yield ""
        yield f"- {trap.status.capitalize()}: {trap.seen}"
        if trap.links:
            yield f"- Reported in {', '.join(f'<{link}>' for link in trap.links)}"
        if trap.tests:
            yield f"- Answered by {', '.join(f'`{test}`' for test in trap.tests)}"
        if shown:
            yield f"- Canaries: {', '.join(f'`{test}`' for test in shown)}"
        if through:
            yield f"- Worked around: {', '.join(through)}"
