"""A result's measurements as rows: what was measured in one place, by arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bakeoff_bench.arms.catalogue import TWIN
from bakeoff_bench.results.compact_letters import compact_letters
from bakeoff_bench.results.model import Measurement, Place, Ratio, Result, Table, place_of


class Sheet(NamedTuple):
    """The rows of one table: rates of other data sets, or over HTTP, do not belong to it."""

    table: Table
    database: str
    books: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One scenario at one number of tasks; `noise` is the twin's error, None without a twin."""

    place: Place
    arms: Mapping[str, Measurement]
    noise: float | None

    def letters(self, among: Sequence[str]) -> Mapping[str, str]:
        """The compact letter display of those arms; the twin, being noise, has none."""
        found = [self.arms[name] for name in among if name in self.arms and name != TWIN]
        references = [measurement.reference for measurement in found]
        most_common = max(references, key=references.count, default=None)
        ratios = {
            one.arm: Ratio(value=1, low=1, high=1) if one.arm == one.reference else one.ratio
            for one in found
            if one.reference == most_common
        }
        return compact_letters(ratios, noise=self.noise or 0.0)


def sheets(result: Result) -> dict[Sheet, list[Row]]:
    """All rows, in the order in which they were measured."""
    noise = {place_of(twin): twin.error for twin in result.twins}
    arms: dict[Place, dict[str, Measurement]] = {}
    for measurement in result.measurements:
        arms.setdefault(place_of(measurement), {})[measurement.arm] = measurement
    found: dict[Sheet, list[Row]] = {}
    for place, measured in arms.items():
        sheet = Sheet(place.table, place.database, place.books)
        found.setdefault(sheet, []).append(Row(place=place, arms=measured, noise=noise.get(place)))
    return found
