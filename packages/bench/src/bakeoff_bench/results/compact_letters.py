"""Compact letter display: which of several ratios can be told apart.

Ratios that share a letter cannot be told apart; one without a letter differs from all the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from string import ascii_lowercase

from bakeoff_bench.results.model import Ratio
from bakeoff_bench.results.trust import distinguishable


def compact_letters(ratios: Mapping[str, Ratio], *, noise: float) -> dict[str, str]:
    """The letters of each name, from the fastest down; `noise` is the twin's error.

    The insert-and-absorb algorithm of H.-P. Piepho: all begin in one group, and each pair that can
    be told apart splits the groups that hold both.
    """
    groups = [frozenset(ratios)]
    for one, other in combinations(ratios, 2):
        if distinguishable(ratios[one], ratios[other], floor=noise):
            groups = _absorbed(
                part
                for group in groups
                for part in ([group - {one}, group - {other}] if {one, other} <= group else [group])
            )
    shared = [group for group in groups if len(group) > 1]
    shared.sort(key=lambda group: max(ratios[name].value for name in group), reverse=True)
    return {
        name: "".join(
            letter for letter, group in zip(ascii_lowercase, shared, strict=False) if name in group
        )
        for name in ratios
    }


def _absorbed(groups: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """The groups that are no part of another."""
    distinct = set(groups)
    return [group for group in distinct if not any(group < other for other in distinct)]
