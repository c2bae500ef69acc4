"""A result's measurements as rows: what was measured at one place, by arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bakeoff_bench.arms.catalogue import TWIN
from bakeoff_bench.results.letters import letters
from bakeoff_bench.results.model import Measurement, Ratio, Result, Table
from bakeoff_bench.results.places import Place, place_of


class Sheet(NamedTuple):
    """What is read together: rates of different data sets, or over HTTP, do not belong there."""

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
        """By which letters those arms are told apart; the twin, being noise, has none."""
        found = [self.arms[name] for name in among if name in self.arms and name != TWIN]
        reference = _most_common([measurement.reference for measurement in found])
        ratios = {
            measurement.arm: _exact(measurement)
            for measurement in found
            if measurement.reference == reference
        }
        return letters(ratios, noise=self.noise or 0.0)


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


def _exact(measurement: Measurement) -> Ratio:
    if measurement.arm == measurement.reference:
        return Ratio(value=1, low=1, high=1)
    return measurement.ratio


def _most_common(names: Sequence[str]) -> str | None:
    return max(names, key=names.count, default=None)
