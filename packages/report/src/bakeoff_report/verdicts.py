"""Sentences by rules. They say what was seen, in the order in which a team asks; none advises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bakeoff_report.collect.capabilities import CONTRACT, INTEROP
from bakeoff_report.collect.cells import DEFAULT_PYTHON
from bakeoff_report.model import (
    AdapterLines,
    Backend,
    Band,
    CostCell,
    Distribution,
    DoesRow,
    DoesTable,
    Mark,
    Measure,
    SourceFile,
    Trap,
    Verdict,
    Workaround,
)
from bakeoff_report.rules import WORST_NAMED

_BANDS: dict[Band, str] = {
    "same": "the same as raw",
    "slower": "measurably more",
    "twice": "twice as much and more",
    "faster": "less than raw",
}
_RAN: Collection[Mark] = ("executed", "worked-around")
_DATABASES = {
    "sqlite": "SQLite",
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "memory": "its own memory",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the sentences are made of."""

    does: DoesTable
    cells: Sequence[CostCell]
    alive: Sequence[Distribution]
    workarounds: Sequence[Workaround]
    traps: Sequence[Trap]
    lines: Sequence[AdapterLines]
    sources: Sequence[SourceFile]


def verdicts(known: Known, backends: Sequence[Backend]) -> list[Verdict]:
    """The sentences of each backend, for which something is known."""
    return [
        verdict
        for backend in backends
        for make in (_runs, _alive, _right, _bites, _migrations, _reads, _costs, _leaving)
        for verdict in make(known, backend)
    ]


def _runs(known: Known, backend: Backend) -> Iterator[Verdict]:
    rows = [
        row
        for row in known.does.rows
        if row.backend == backend.name and row.driver is None and row.python == _usual(backend)
    ]
    groups = {
        "Keeps the contract on": [row for row in rows if _mark(row) in _RAN],
        "Keeps it with declared gaps on": [row for row in rows if _mark(row) == "gap"],
        "Does not keep it on": [row for row in rows if _mark(row) == "failed"],
        "Not run here on": [row for row in rows if _mark(row) == "not-run"],
        "Does not support": [row for row in rows if _mark(row) == "unsupported"],
    }
    parts = [f"{start} {_join(map(_with_tests, some))}." for start, some in groups.items() if some]
    if parts:
        yield Verdict(
            backend=backend.name,
            database=None,
            topic="runs",
            sentence=" ".join(parts),
            rule="verdict-runs",
            origins=[origin for row in rows for origin in row.cells[0].origins],
        )


def _mark(row: DoesRow) -> Mark:
    """That of the contract, which is the first cell."""
    return row.cells[0].mark


def _usual(backend: Backend) -> str:
    return DEFAULT_PYTHON if DEFAULT_PYTHON in backend.pythons else backend.pythons[0]


def _with_tests(row: DoesRow) -> str:
    name = _DATABASES.get(row.database, row.database)
    ran = row.cells[0].executed
    return f"{name} ({ran} test{'' if ran == 1 else 's'})" if ran else name


def _alive(known: Known, backend: Backend) -> Iterator[Verdict]:
    for one in known.alive:
        if one.role != "layer" or backend.name not in one.backends or one.last is None:
            continue
        day = f" of {one.released}" if one.released else ""
        parts = [f"{one.name} {one.last}{day} was the last release on {one.looked_up}."]
        parts += [f"Licence: {one.licence}."] if one.licence else []
        parts += [f"Kept by {one.keeper}."] if one.keeper else []
        yield Verdict(
            backend=backend.name,
            database=None,
            topic="alive",
            sentence=" ".join(parts),
            rule="verdict-alive",
            origins=[one.origin],
        )


def _right(known: Known, backend: Backend) -> Iterator[Verdict]:
    cells = [
        cell
        for row in known.does.rows
        if row.backend == backend.name
        for cell in row.cells
        if cell.capability not in (CONTRACT, INTEROP) and cell.executed
    ]
    if not cells:
        return
    titles = {one.id: one.title for one in known.does.capabilities}
    wrong = dict.fromkeys(
        titles[cell.capability] for cell in cells if cell.mark in ("failed", "gap")
    )
    passed, ran = sum(cell.passed for cell in cells), sum(cell.executed for cell in cells)
    named = dict.fromkeys(titles[cell.capability] for cell in cells)
    subject = f"Of {ran} executed tests of {_join(named)}, {'all' if passed == ran else passed}"
    sentence = f"{subject} passed."
    if wrong:
        sentence += f" Not all is right in {_join(wrong)}."
    yield Verdict(
        backend=backend.name,
        database=None,
        topic="right",
        sentence=sentence,
        rule="verdict-right",
        origins=[origin for cell in cells for origin in cell.origins],
    )


def _bites(known: Known, backend: Backend) -> Iterator[Verdict]:
    own = [one for one in known.workarounds if one.backend == backend.name]
    if not own:
        if backend.databases:
            yield Verdict(
                backend=backend.name,
                database=None,
                topic="bites",
                sentence="Needs no help that is known.",
                rule="verdict-bites",
            )
        return
    links = {trap.number: trap.links for trap in known.traps}
    reported = {
        one.id: {*one.upstream, *(link for trap in one.traps for link in links.get(trap, []))}
        for one in own
    }
    named = sorted(own, key=lambda one: (-len(reported[one.id]), one.name))[:WORST_NAMED]
    places = "place" if len(own) == 1 else "places"
    sentence = f"Needs help in {len(own)} {places}. "
    sentence += " ".join(f"{one.layer}: {one.what}" for one in named)
    yield Verdict(
        backend=backend.name,
        database=None,
        topic="bites",
        sentence=sentence,
        rule="verdict-bites",
        origins=[one.origin for one in named],
    )


def _migrations(known: Known, backend: Backend) -> Iterator[Verdict]:
    for one in known.alive:
        if one.role == "layer" and backend.name in one.backends and one.migrations:
            yield Verdict(
                backend=backend.name,
                database=None,
                topic="migrations",
                sentence=f"Its users migrate with: {one.migrations}.",
                rule="verdict-migrations",
                origins=[one.origin],
            )


def _reads(known: Known, backend: Backend) -> Iterator[Verdict]:
    for lines in known.lines:
        if lines.backend != backend.name:
            continue
        sentence = (
            f"{lines.team.value:.0f} lines that a team would write, on {lines.engine.value:.0f} "
            "lines that make the layer keep the contract."
        )
        typed = [
            one.typing
            for one in known.alive
            if one.role == "layer" and backend.name in one.backends and one.typing
        ]
        sentence += f" Types: {typed[0]}." if typed else ""
        yield Verdict(
            backend=backend.name,
            database=None,
            topic="reads",
            sentence=sentence,
            rule="verdict-reads",
            origins=[lines.team.origin, lines.engine.origin],
        )


def _costs(known: Known, backend: Backend) -> Iterator[Verdict]:
    if backend.is_reference:
        return
    runs = {source.path: source for source in known.sources if source.name is not None}
    for database in backend.databases:
        cells = [
            cell
            for cell in known.cells
            if cell.arm == backend.name
            and cell.database == database
            and cell.tasks == 1
            and not cell.over_http
            and _cpu(cell).band is not None
        ]
        if not cells:
            continue
        chosen = min(
            {cell.source for cell in cells},
            key=lambda path: (runs[path].name != "yours", -_when(runs[path]), path),
        )
        counted = [cell for cell in cells if cell.source == chosen]
        counts = Counter(_cpu(cell).band for cell in counted)
        parts = [f"{text} in {counts[band]}" for band, text in _BANDS.items() if counts[band]]
        yield Verdict(
            backend=backend.name,
            database=database,
            topic="costs",
            sentence=f"CPU time of the process on {_DATABASES.get(database, database)}, of "
            f"{len(counted)} measured operations ({runs[chosen].name}): {_join(parts)}.",
            rule="verdict-costs",
            origins=[
                interval.origin for cell in counted if (interval := _cpu(cell).interval) is not None
            ],
        )


def _cpu(cell: CostCell) -> Measure:
    for measure in cell.measures:
        if measure.measure == "cpu-process":
            return measure
    return Measure(measure="cpu-process", band=None, interval=None, noise=None)


def _when(source: SourceFile) -> float:
    return source.made.timestamp() if source.made else 0


def _leaving(known: Known, backend: Backend) -> Iterator[Verdict]:
    pairs = [
        pair
        for pair in known.does.pairs
        if backend.name in (pair.writer, pair.reader) and pair.status in ("passed", "failed")
    ]
    if not pairs:
        return
    passed = sum(pair.status == "passed" for pair in pairs)
    databases = dict.fromkeys(_DATABASES.get(pair.database, pair.database) for pair in pairs)
    yield Verdict(
        backend=backend.name,
        database=None,
        topic="leaving",
        sentence=f"In {passed} of {len(pairs)} pairs with another layer, on {_join(databases)}, "
        "one read, changed and deleted what the other had written.",
        rule="verdict-leaving",
        origins=[pair.origin for pair in pairs],
    )


def _join(words: Iterable[str]) -> str:
    found = list(words)
    return " and ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "".join(found)
