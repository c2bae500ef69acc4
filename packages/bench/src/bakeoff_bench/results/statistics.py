"""From slices to a ratio with its interval; the figures can be computed from the file again.

In each round an arm and its reference work close together in time, so whatever drifts cancels in
the ratio of that round. Stalls of the machine do not cancel: they hit one of the two for some
milliseconds, so rounds vary with heavy tails. The ratio is therefore the interquartile mean
of the rounds, which needs a quarter of the rounds that their plain mean needs to be as certain.
It hides rare costs of a layer, which show in the latencies.

Two sets of processes of the same code differ as well, by how they were placed. So an interval is
bootstrapped over restarts: whole sets of fresh processes are drawn with replacement, the arm's and
the reference's rounds together.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from bakeoff_bench.results.model import Ran, Ratio

Restarts = Sequence[Sequence[Ran]]
"""The slices of each fresh set of processes; empty where the arm was not among them."""
Figure = Callable[[Restarts], float]

RESAMPLES = 1000
OF_ONE_RESTART = 0.15
"""Two processes of the same code were seen to differ by so much, however long they ran."""
SLICES_A_ROUND = 2
"""An arm works in an order by chance and then in the opposite one."""

_TAIL = 0.025
_NORMAL = 1.960
# The two-sided 95 % quantiles of Student's t for 1, 2, … degrees of freedom.
_STUDENT = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_TRIMMED = 4
"""One of so many rounds is left out at either end."""


def rate(restarts: Restarts) -> float:
    """Operations a second, over all slices.

    :raises ValueError: there are none.
    """
    slices = [ran for restart in restarts for ran in restart]
    if not slices:
        raise ValueError("no slices, so no rate")
    return sum(ran.operations for ran in slices) * 1e9 / sum(ran.nanoseconds for ran in slices)


def cpu_time(restarts: Restarts) -> float:
    """Nanoseconds of the process's CPU for one operation, over all slices."""
    slices = [ran for restart in restarts for ran in restart]
    return sum(ran.cpu_ns for ran in slices) / sum(ran.operations for ran in slices)


def server_cpu_time(restarts: Restarts) -> float:
    """Nanoseconds of the database's CPU for one operation; 0 if it was not read in a slice."""
    slices = [ran for restart in restarts for ran in restart]
    if any(ran.server_cpu_ns is None for ran in slices):
        return 0
    return sum(ran.server_cpu_ns or 0 for ran in slices) / sum(ran.operations for ran in slices)


def cpu_ratio(arm: Restarts, reference: Restarts, *, of: Figure = cpu_time) -> Ratio | None:
    """CPU time for one operation relative to the reference's; None if a round has none."""
    rounds = [one for restart in (*arm, *reference) for one in _by_round(restart)]
    if not all(of([one]) for one in rounds):
        return None
    return ratio(arm, reference, of=of)


def ratio(arm: Restarts, reference: Restarts, *, of: Figure = rate, seed: int = 1) -> Ratio:
    """The arm's rate relative to the reference's in the same rounds, with its 95 % interval.

    `of` names another figure than the rate.

    The interval is as wide as the bootstrap's, from its 2.5th to its 97.5th percentile, and lies
    evenly around the ratio on the scale of logarithms, where twice as fast is as far as half as
    fast. Percentiles of few restarts are too narrow (of three, they end at the worst one), so the
    interval is widened by the ratio of Student's t to the normal distribution.

    A single restart shows nothing of how restarts differ. Its interval is that of its rounds, and
    never narrower than `OF_ONE_RESTART`.

    :raises ValueError: the arm and the reference have no restart in common.
    """
    population = _rounds(arm, reference, of)
    value = _middle(chain.from_iterable(population))
    alone = len(population) == 1
    if alone:
        population = [[one] for one in population[0]]
    dice, count = random.Random(seed), len(population)
    drawn = sorted(
        _middle(chain.from_iterable(dice.choices(population, k=count))) for _ in range(RESAMPLES)
    )
    cut = int(len(drawn) * _TAIL)
    distance = (drawn[-1 - cut] - drawn[cut]) / 2 * _widening(count)
    if alone:
        distance = max(distance, math.log1p(OF_ONE_RESTART))
    return Ratio(
        value=math.exp(value), low=math.exp(value - distance), high=math.exp(value + distance)
    )


def half_width(ratio: Ratio) -> float:
    """Half the interval, as a share of the ratio."""
    return (ratio.high - ratio.low) / 2 / ratio.value


def fairness(per_task: Iterable[int]) -> float:
    """Least operations of a task to the most; 1 when the pool serves all alike."""
    counts = list(per_task)
    return min(counts) / max(counts)


def student(freedom: int) -> float:
    """The 97.5th percentile of Student's t; beyond the table, by linear interpolation in 1/n."""
    last = len(_STUDENT)
    if freedom <= last:
        return _STUDENT[freedom - 1]
    return _NORMAL + (_STUDENT[-1] - _NORMAL) * last / freedom


def _widening(count: int) -> float:
    """How much wider an interval is than its percentiles, for a bootstrap of so many.

    Student's t relative to the normal distribution, and n/(n-1) because the variance of a bootstrap
    divides by n.
    """
    freedom = max(1, count - 1)
    return student(freedom) / _NORMAL * math.sqrt(count / freedom)


def _rounds(arm: Restarts, reference: Restarts, of: Figure) -> list[list[float]]:
    """The logarithm of every round's ratio, by restart."""
    common = [(of_arm, of_ref) for of_arm, of_ref in zip(arm, reference, strict=True) if of_arm]
    if not common:
        raise ValueError("the arm and its reference have no restart in common")
    return [
        [
            math.log(of([of_arm]) / of([of_ref]))
            for of_arm, of_ref in zip(*map(_by_round, both), strict=True)
        ]
        for both in common
    ]


def _by_round(slices: Sequence[Ran]) -> list[Sequence[Ran]]:
    starts = range(0, len(slices), SLICES_A_ROUND)
    return [slices[start : start + SLICES_A_ROUND] for start in starts]


def _middle(logarithms: Iterable[float]) -> float:
    """The interquartile mean: without the lowest and the highest quarter."""
    ordered = sorted(logarithms)
    left_out = len(ordered) // _TRIMMED
    middle = ordered[left_out : len(ordered) - left_out]
    return sum(middle) / len(middle)
