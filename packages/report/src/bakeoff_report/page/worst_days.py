"""What the page shows of faults: one row a result, and what became of a layer on a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from urllib.parse import urlencode

from bakeoff_report.collect.faults import COMMAND
from bakeoff_report.collect.registry import NO_DATABASE
from bakeoff_report.model import Fault, FaultResult, Report
from bakeoff_report.page import wording
from bakeoff_report.page.wording import Sign

SIGNS: Final[dict[str, Sign]] = {
    "kept": Sign("✓", "kept", "good"),
    "broken": Sign("!", "broken", "bad"),
    "not_applicable": Sign("–", "does not apply", "none"),
    "": Sign("○", "not run", "none"),
}
_WORST_FIRST: Final = ("broken", "", "kept", "not_applicable")


@dataclass(frozen=True, slots=True)
class Row:
    """One fault with one backend on one database."""

    id: str
    fault: Fault
    backend: str
    database: str
    result: FaultResult | None
    """The one that is shown; null if nobody has run it."""
    others: Sequence[FaultResult]
    """What other runs say of it."""

    @property
    def status(self) -> str:
        return self.result.status if self.result else ""

    @property
    def sign(self) -> Sign:
        return SIGNS[self.status]

    @property
    def command(self) -> str:
        """How it is run."""
        return (
            f"{COMMAND} -- --backends {self.backend} --databases {self.database} "
            f"--faults {self.fault.id} --full"
        )


@dataclass(frozen=True, slots=True)
class WorstDay:
    """All faults of a backend on a database, or on all of them."""

    kept: int
    ran: int
    absent: int
    """Faults that some run has, and nobody has run here."""
    status: str
    link: str
    """The id of what broke, else the address of all its faults."""

    @property
    def sign(self) -> Sign:
        return SIGNS[self.status]

    @property
    def text(self) -> str:
        if self.ran:
            return f"{self.kept}/{self.ran}"
        return self.sign.word


def rows_of(report: Report) -> list[Row]:
    """By fault, backend and database; faults that were not run among them."""
    results: dict[tuple[str, str, str], list[FaultResult]] = {}
    for result in report.faults.results:
        key = (result.fault, result.backend, result.database)
        results.setdefault(key, []).append(result)
    backends = sorted(report.backends, key=lambda backend: (not backend.is_reference, backend.name))
    ran = {result.backend for result in report.faults.results}
    rows = []
    for fault in report.faults.faults:
        for backend in backends:
            if not backend.databases and backend.name not in ran:
                continue  # nobody expects faults of a database where there is none
            for database in backend.databases or [NO_DATABASE]:
                found = results.get((fault.id, backend.name, database), [])
                parts = (backend.name, database, fault.id)
                rows.append(
                    Row(
                        id="fault-" + "-".join(map(wording.slug, parts)),
                        fault=fault,
                        backend=backend.name,
                        database=database,
                        result=found[0] if found else None,
                        others=found[1:],
                    )
                )
    return rows


def by_fault(rows: Iterable[Row]) -> list[tuple[Fault, list[Row]]]:
    """The rows in groups, in their order."""
    groups = groupby(rows, key=lambda row: row.fault)
    return [(fault, [*found]) for fault, found in groups]


def first_fault(rows: Sequence[Row]) -> str:
    """The fault that is shown until a reader picks another: the first one that broke something."""
    broken = (row.fault.id for row in rows if row.status == "broken")
    return next(broken, rows[0].fault.id if rows else "")


def worst_days(report: Report, rows: Sequence[Row]) -> Mapping[tuple[str, str], WorstDay]:
    """By backend and database; an empty database stands for all of the backend's.

    A backend that needs no database is there only if it was run.
    """
    found: dict[tuple[str, str], WorstDay] = {}
    for backend in report.backends:
        own = [row for row in rows if row.backend == backend.name]
        if own or backend.databases:
            found[backend.name, ""] = _worst_day(own, backend.name, "")
        for database in backend.databases or {row.database for row in own}:
            here = [row for row in own if row.database == database]
            found[backend.name, database] = _worst_day(here, backend.name, database)
    return found


def _worst_day(rows: Sequence[Row], backend: str, database: str) -> WorstDay:
    statuses = [row.status for row in rows]
    ran = [status for status in statuses if status in ("kept", "broken")]
    status = next((one for one in _WORST_FIRST if one in (ran or statuses)), "")
    broken = next((row.id for row in rows if row.status == "broken"), None)
    wanted = {"layer": backend, "fault": "all"} | ({"db": database} if database else {})
    return WorstDay(
        kept=ran.count("kept"),
        ran=len(ran),
        absent=statuses.count(""),
        status=status,
        link=broken or f"faults?{urlencode(wanted)}",
    )
