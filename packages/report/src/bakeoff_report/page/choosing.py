"""Which layers have all that a team needs: answered by what was executed, without a ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bakeoff_report.collect.capabilities import CONTRACT
from bakeoff_report.model import CapabilityCell, Distribution, DoesRow, Report
from bakeoff_report.page import views, wording
from bakeoff_report.page.views import Layer


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a team may need of a layer."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a layer has it, and why, or by what, in a few words."""

    has: bool
    said: str
    link: str
    """The id of the evidence in the page."""


NEEDS: Final = (
    Need("locks", "row locks"),
    Need("cancellation", "cancellation that ends the statement"),
    Need("upsert", "upsert"),
    Need("streaming", "streaming"),
    Need("migrations", "migrations of its own"),
    Need("typed", "types"),
)
_LOOKED_UP: Final = ("migrations", "typed")
"""What no test shows."""
Answers = Mapping[str, Mapping[str, Answer]]
"""By need, `contract` among them, and database; what holds on all of them is under an empty one."""


def answers(report: Report, layers: Sequence[Layer]) -> dict[str, Answers]:
    """By layer; those that need no database are no choice."""
    tested = [CONTRACT, *(need.id for need in NEEDS if need.id not in _LOOKED_UP)]
    found: dict[str, Answers] = {}
    for layer in layers:
        if not layer.backend.databases:
            continue
        rows = {row.database: row for row in layer.usual if row.driver is None}
        found[layer.backend.name] = {
            **{
                need: {
                    database: _executed(report, layer, rows.get(database), need)
                    for database in report.databases
                }
                for need in tested
            },
            "migrations": {"": _migrations(layer)},
            "typed": {"": _typed(layer)},
        }
    return found


def _executed(report: Report, layer: Layer, row: DoesRow | None, need: str) -> Answer:
    page = _page(layer)
    if row is None:
        return Answer(False, "not run", page)
    places = [index for index, one in enumerate(report.does.capabilities) if one.id == need]
    if not places or places[0] >= len(row.cells):
        return Answer(False, "not run", page)
    cell = row.cells[places[0]]
    has, said = _of_cell(cell, row, whole=need != CONTRACT)
    return Answer(has, said, views.cell_id(row, need))


def _of_cell(cell: CapabilityCell, row: DoesRow, *, whole: bool) -> tuple[bool, str]:
    """`whole`: all suites that show it must have run, not only some."""
    if cell.mark == "unsupported":
        return False, "the layer does not support it"
    if not cell.applies:
        return False, "there is no test of it here"
    if cell.mark == "not-run":
        return False, "not run"
    if cell.mark == "failed":
        failed = sum(one.outcome == "failed" for one in cell.failures)
        return False, f"{failed} of {cell.executed} tests failed"
    if cell.mark == "gap":
        return False, f"a declared gap: {', '.join(_reasons(cell, row))}"
    if whole and cell.missing:
        return False, "run only in part"
    tests = f"{cell.passed} test{'s' if cell.passed != 1 else ''}"
    helped = len(cell.workarounds)
    if helped:
        return True, f"{tests}, with {helped} workaround{'s' if helped != 1 else ''}"
    return True, tests


def _reasons(cell: CapabilityCell, row: DoesRow) -> list[str]:
    """Why it fails as expected: as the registry says, else by what was expected of it."""
    expected = [one.test for one in cell.failures if one.outcome == "xfailed"]
    declared = [gap.reason for gap in row.gaps if any(gap.test in test for test in expected)]
    return [*dict.fromkeys(declared)] or [views.sentence(test) for test in expected]


def _migrations(layer: Layer) -> Answer:
    main = layer.main
    if main is None:
        return Answer(False, "it is drivers alone", _page(layer))
    if main.own_migrations is None:
        return Answer(False, "not looked up", _page(layer))
    return Answer(main.own_migrations, main.migrations or "", _page(layer))


def _typed(layer: Layer) -> Answer:
    main: Distribution | None = layer.main
    if main is None:
        return Answer(False, "it is drivers alone", _page(layer))
    return Answer(main.typing == "py.typed", main.typing or "not looked up", _page(layer))


def _page(layer: Layer) -> str:
    return f"layer-{wording.slug(layer.backend.name)}"
