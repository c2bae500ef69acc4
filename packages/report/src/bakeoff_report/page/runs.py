"""Cost cells by the run and the place that they are from, and which of these is shown first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bakeoff_report.model import CostCell, Report, SourceFile

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """What the cells of one table of costs have in common."""

    database: str
    over_http: bool
    source: str
    tasks: int
    books: int


@dataclass(frozen=True, slots=True)
class Runs:
    """All cost cells, by run."""

    cells: Mapping[Run, Sequence[CostCell]]
    sources: Mapping[str, SourceFile]

    def first_choice(self, database: str, *, over_http: bool = False) -> Run | None:
        """The run that is shown until a reader picks another; null if there is none.

        One that may be trusted comes before one that may not, then counts how many cells it has,
        then whether it is the reader's own, then the date, and then how little was at work at once.
        """

        def worth(run: Run) -> tuple[bool, int, bool, datetime, int, int]:
            source = self.sources.get(run.source)
            return (
                source is None or not source.untrustworthy,
                len(self.cells[run]),
                source is not None and source.name == "yours",
                (source and source.made) or _LONG_AGO,
                -run.tasks,
                -run.books,
            )

        fitting = [
            run for run in self.cells if (run.database, run.over_http) == (database, over_http)
        ]
        return max(fitting, key=worth, default=None)

    def of(self, run: Run | None) -> Sequence[CostCell]:
        """The cells of a run, none of no run."""
        return self.cells[run] if run else ()


def runs_of(report: Report) -> Runs:
    """Group the cost cells of a report."""
    return Runs(
        cells=_grouped(report.costs.cells),
        sources={source.path: source for source in report.sources},
    )


def _grouped(cells: Iterable[CostCell]) -> Mapping[Run, Sequence[CostCell]]:
    groups: dict[Run, list[CostCell]] = defaultdict(list)
    for cell in cells:
        place = Run(cell.database, cell.over_http, cell.source, cell.tasks, cell.books)
        groups[place].append(cell)
    return groups
