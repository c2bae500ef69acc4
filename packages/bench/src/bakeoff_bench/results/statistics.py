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
from typing import TypeVar

from bakeoff_bench.results.model import Ran, Ratio

One = TypeVar("One")

Restarts = Sequence[Sequence[Ran]]
"""The slices of each fresh set of processes; empty where the arm was not among them."""

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
_LOW = 5
"""CPU time is what one of so many slices does not exceed."""


def rate(restarts: Restarts) -> float:
    """Operations a second, over all slices.

    :raises ValueError: there are none.
    """
    slices = [ran for restart in restarts for ran in restart]
    if not slices:
        raise ValueError("no slices, so no rate")
    return sum(ran.operations for ran in slices) * 1e9 / sum(ran.nanoseconds for ran in slices)


def ratio(arm: Restarts, reference: Restarts, *, seed: int = 1) -> Ratio:
    """The arm's rate relative to the reference's in the same rounds, with its 95 % interval.

    The interval is as wide as the bootstrap's, from its 2.5th to its 97.5th percentile, and lies
    evenly around the ratio on the scale of logarithms, where twice as fast is as far as half as
    fast. Percentiles of few restarts are too narrow (of three, they end at the worst one), so the
    interval is widened by the ratio of Student's t to the normal distribution.

    A single restart shows nothing of how restarts differ. Its interval is that of its rounds, and
    never narrower than `OF_ONE_RESTART`.

    :raises ValueError: the arm and the reference have no restart in common.
    """
    rounds = [
        [
            math.log(rate([of_arm]) / rate([of_ref]))
            for of_arm, of_ref in zip(*map(_by_round, both), strict=True)
        ]
        for both in _common(arm, reference)
    ]
    return _bootstrapped(rounds, _middle, seed=seed)


def cpu_ratio(arm: Restarts, reference: Restarts, *, seed: int = 1) -> Ratio | None:
    """CPU time of the process for one operation, relative to the reference's; less is better.

    Work beside it on the machine only ever adds to a slice, by caches and processors that it
    shares. So both figures are those that a fifth of the slices do not exceed: under load, two runs
    agree half as often again on these as on the middle of the rounds.

    None if a slice has no CPU time.

    :raises ValueError: the arm and the reference have no restart in common.
    """
    return _cpu_ratio(arm, reference, lambda ran: ran.cpu_ns, seed=seed)


def server_cpu_ratio(arm: Restarts, reference: Restarts, *, seed: int = 1) -> Ratio | None:
    """The same of the database's processes; None if it was not read."""
    return _cpu_ratio(arm, reference, lambda ran: ran.server_cpu_ns, seed=seed)


def _cpu_ratio(
    arm: Restarts, reference: Restarts, of: Callable[[Ran], int | None], *, seed: int
) -> Ratio | None:
    common = _common(arm, reference)
    if not all(of(ran) for both in common for slices in both for ran in slices):
        return None
    figures = [
        [
            (_log_of_one(of(of_arm), of_arm), _log_of_one(of(of_ref), of_ref))
            for of_arm, of_ref in zip(*both, strict=True)
        ]
        for both in common
    ]
    return _bootstrapped(figures, _difference_of_fifths, seed=seed)


def _log_of_one(taken: int | None, ran: Ran) -> float:
    return math.log((taken or 0) / ran.operations)


def _difference_of_fifths(pairs: Iterable[tuple[float, float]]) -> float:
    known = list(pairs)
    of_arm = sorted(arm for arm, _ in known)
    of_ref = sorted(reference for _, reference in known)
    place = (len(of_arm) - 1) // _LOW
    return of_arm[place] - of_ref[place]


def _bootstrapped(
    population: Sequence[Sequence[One]], estimate: Callable[[Iterable[One]], float], *, seed: int
) -> Ratio:
    """The estimate of all restarts, and its interval by drawing whole restarts."""
    value = estimate(chain.from_iterable(population))
    alone = len(population) == 1
    if alone:
        population = [[one] for one in population[0]]
    dice, count = random.Random(seed), len(population)
    drawn = sorted(
        estimate(chain.from_iterable(dice.choices(population, k=count))) for _ in range(RESAMPLES)
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


def _common(arm: Restarts, reference: Restarts) -> list[tuple[Sequence[Ran], Sequence[Ran]]]:
    """The slices of both, by restart, without those in which the arm was not."""
    common = [both for both in zip(arm, reference, strict=True) if both[0]]
    if not common:
        raise ValueError("the arm and its reference have no restart in common")
    return common


def _by_round(slices: Sequence[Ran]) -> list[Sequence[Ran]]:
    starts = range(0, len(slices), SLICES_A_ROUND)
    return [slices[start : start + SLICES_A_ROUND] for start in starts]


def _middle(logarithms: Iterable[float]) -> float:
    """The interquartile mean: without the lowest and the highest quarter."""
    ordered = sorted(logarithms)
    left_out = len(ordered) // _TRIMMED
    middle = ordered[left_out : len(ordered) - left_out]
    return sum(middle) / len(middle)
