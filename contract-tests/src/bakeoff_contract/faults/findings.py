"""What a judge finds: promises that were broken, each with an example."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

_EXAMPLES = 3


@dataclass(slots=True)
class Findings:
    """Sentences about what was found.

    `lost`: it was acknowledged, and is not there. `phantom`: it was refused, or never asked for, or
    done before, and is there. `stale`: no order of the requests explains what was answered.
    `unexpected` counts outcomes that the contract does not name; `other` is all else.
    """

    lost: list[str] = field(default_factory=list)
    phantom: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    unexpected: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def expect_not(self, outcome: str, example: str) -> None:
        """Count an outcome that the contract does not name."""
        self.unexpected[outcome] += 1
        self.examples.setdefault(outcome, example)

    def sentences(self) -> list[str]:
        """What was broken, in a few sentences of each kind."""
        return [
            *_shortened("lost", self.lost),
            *_shortened("phantom", self.phantom),
            *_shortened("stale", self.stale),
            *(
                f"{number} × {outcome}, which the contract does not name, such as "
                f"{self.examples[outcome]}"
                for outcome, number in sorted(self.unexpected.items())
            ),
            *self.other,
        ]


def _shortened(kind: str, sentences: Iterable[str]) -> Iterable[str]:
    whole = list(sentences)
    yield from (f"{kind}: {sentence}" for sentence in whole[:_EXAMPLES])
    if len(whole) > _EXAMPLES:
        yield f"{kind}: {len(whole) - _EXAMPLES} more"
