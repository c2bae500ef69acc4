"""From slices to a ratio with its interval; the same figures can be computed from the file again.

What differs between two runs of the same code is chiefly how their processes were placed, not how
one slice differs from the next. So an interval is bootstrapped over restarts: whole sets of fresh
processes are drawn with replacement, the arm's and the reference's together.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence

from bakeoff_bench.results.model import Ran, Ratio

Restarts = Sequence[Sequence[Ran]]
"""The slices of each fresh set of processes; empty where the arm was not among them."""

RESAMPLES = 1000
OF_ONE_RESTART = 0.15
"""Two processes of the same code were seen to differ by so much, however long they ran."""

_NORMAL = 1.96
_TAIL = 0.025

_Sums = tuple[int, int, int, int]
"""Operations and nanoseconds of the arm, then of the reference."""


def rate(restarts: Restarts) -> float:
    """Operations a second, over all slices.

    :raises ValueError: there are none.
    """
    slices = [ran for restart in restarts for ran in restart]
    if not slices:
        raise ValueError("no slices, so no rate")
    return sum(ran.operations for ran in slices) * 1e9 / sum(ran.nanoseconds for ran in slices)


def ratio(arm: Restarts, reference: Restarts, *, seed: int = 1) -> Ratio:
    """The arm's rate relative to the reference's in the same restarts, with its 95 % interval.

    The interval is as wide as the bootstrap's, from its 2.5th to its 97.5th percentile, and lies
    evenly around the ratio on the scale of logarithms, where twice as fast is as far as half as
    fast. Percentiles of few restarts reach too short (of three, they end at the worst one),
    so it is stretched as Student's t is wider than the normal distribution.

    A single restart says nothing of how restarts differ. Its interval is that of its slices, and
    never closer than `OF_ONE_RESTART`.

    :raises ValueError: the arm and the reference have no restart in common.
    """
    sums = _sums(arm, reference)
    value = _value(sums)
    drawn = sorted(resampled(arm, reference, seed=seed))
    cut = int(len(drawn) * _TAIL)
    distance = math.log(drawn[-1 - cut] / drawn[cut]) / 2 * _stretch(len(sums))
    if sum(1 for restart in arm if restart) == 1:
        distance = max(distance, math.log1p(OF_ONE_RESTART))
    return Ratio(value=value, low=value * math.exp(-distance), high=value * math.exp(distance))


def resampled(
    arm: Restarts, reference: Restarts, *, seed: int = 1, times: int = RESAMPLES
) -> list[float]:
    """The bootstrap's ratios: restarts drawn with replacement, of both arms the same.

    Of a single restart its slices are drawn instead.

    :raises ValueError: the arm and the reference have no restart in common.
    """
    drawn_from = _sums(arm, reference)
    dice = random.Random(seed)
    count = len(drawn_from)
    return [_value(dice.choices(drawn_from, k=count)) for _ in range(times)]


def half_width(ratio: Ratio) -> float:
    """Half the interval, as a share of the ratio; what a precision is compared with."""
    return (ratio.high - ratio.low) / 2 / ratio.value


def fairness(per_task: Iterable[int]) -> float:
    """Least operations of a task to the most; 1 when the pool serves all alike."""
    counts = list(per_task)
    return min(counts) / max(counts)


def _stretch(drawn_from: int) -> float:
    """How much farther than their percentiles the ends are, for a bootstrap of so many.

    Student's t by the first terms of its expansion in the degrees of freedom, and n/(n-1) because
    a bootstrap's variance divides by n.
    """
    free = max(1, drawn_from - 1)
    student = _NORMAL + 2.37 / free + 2.82 / free**2 + 2.56 / free**3
    return student / _NORMAL * math.sqrt(drawn_from / free)


def _sums(arm: Restarts, reference: Restarts) -> list[_Sums]:
    common = [(of_arm, of_ref) for of_arm, of_ref in zip(arm, reference, strict=True) if of_arm]
    if not common:
        raise ValueError("the arm and its reference have no restart in common")
    if len(common) == 1:
        slices = zip(*common[0], strict=True)
        return [_sum([of_arm], [of_ref]) for of_arm, of_ref in slices]
    return [_sum(of_arm, of_ref) for of_arm, of_ref in common]


def _sum(arm: Sequence[Ran], reference: Sequence[Ran]) -> _Sums:
    return (
        sum(ran.operations for ran in arm),
        sum(ran.nanoseconds for ran in arm),
        sum(ran.operations for ran in reference),
        sum(ran.nanoseconds for ran in reference),
    )


def _value(sums: Sequence[_Sums]) -> float:
    operations, nanoseconds, ref_operations, ref_nanoseconds = map(sum, zip(*sums, strict=True))
    return (operations / nanoseconds) / (ref_operations / ref_nanoseconds)
