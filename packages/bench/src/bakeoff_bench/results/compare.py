"""What changed between two results, beyond the noise of both.

Rates depend on the machine, so they are not compared; only ratios to the reference of the same run
are.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, hypot, log
from typing import Literal, NamedTuple

import pydantic
from pydantic import BaseModel, ConfigDict

from bakeoff_bench.arms.catalogue import TWIN, note
from bakeoff_bench.results.model import Place, Ratio, Result, place_of

Verdict = Literal["faster", "slower", "unchanged"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class Change(_Model):
    """One measurement in both results.

    `change` is the ratio in B divided by that in A, with the 95 % interval that follows from the
    restarts of both; `noise` is what the twins of both add to it on either side.
    """

    place: Place
    arm: str
    before: Ratio
    after: Ratio
    change: Ratio
    noise: float
    verdict: Verdict
    note: str | None


class Only(_Model):
    """What is in one of the results, or relates to another reference there."""

    place: Place
    arm: str
    reference: str


class Comparison(_Model):
    """All changes, and what could not be compared."""

    changes: list[Change]
    only_before: list[Only]
    only_after: list[Only]

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def slower(self) -> int:
        return sum(change.verdict == "slower" for change in self.changes)

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def faster(self) -> int:
        return sum(change.verdict == "faster" for change in self.changes)


class _Key(NamedTuple):
    place: Place
    arm: str
    reference: str


def compare(before: Result, after: Result) -> Comparison:
    """Compare every measurement that is in both results, in the order of the second."""
    old, new = _Ratios(before), _Ratios(after)
    return Comparison(
        changes=[_change(key, old, new) for key in new.ratios if key in old.ratios],
        only_before=_only(key for key in old.ratios if key not in new.ratios),
        only_after=_only(key for key in new.ratios if key not in old.ratios),
    )


class _Ratios:
    """The ratios of one result, without those of the references (always 1) and of the twin."""

    def __init__(self, result: Result) -> None:
        self._errors = {place_of(twin): twin.error for twin in result.twins}
        self.ratios = {
            _Key(place_of(found), found.arm, found.reference): found.ratio
            for found in result.measurements
            if found.arm not in (found.reference, TWIN)
        }

    def error(self, place: Place) -> float:
        """The twin's error; where there is none, the largest of the result."""
        return self._errors.get(place, max(self._errors.values(), default=0.0))


def _only(keys: Iterable[_Key]) -> list[Only]:
    return [Only(place=key.place, arm=key.arm, reference=key.reference) for key in keys]


def _change(key: _Key, old: _Ratios, new: _Ratios) -> Change:
    before, after = old.ratios[key], new.ratios[key]
    change = quotient(after, before)
    # Two runs err independently of one another.
    noise = hypot(old.error(key.place), new.error(key.place))
    return Change(
        place=key.place,
        arm=key.arm,
        before=before,
        after=after,
        change=change,
        noise=noise,
        verdict=_verdict(change, noise=noise),
        note=note(key.arm, key.place.database),
    )


def quotient(one: Ratio, other: Ratio) -> Ratio:
    """One ratio by an independent one, with the interval that follows from those of both.

    On the scale of logarithms the distances to the ends add like the sides of a right angle (Zou
    and Donner's "method of variance estimates recovery").
    """
    value = one.value / other.value
    down = hypot(log(one.value / one.low), log(other.high / other.value))
    up = hypot(log(one.high / one.value), log(other.value / other.low))
    return Ratio(value=value, low=value * exp(-down), high=value * exp(up))


def _verdict(change: Ratio, *, noise: float) -> Verdict:
    """Many are compared at once, so the noise is added to the interval."""
    if change.high * (1 + noise) < 1:
        return "slower"
    if change.low > 1 + noise:
        return "faster"
    return "unchanged"
