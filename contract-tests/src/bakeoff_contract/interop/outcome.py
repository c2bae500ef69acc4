"""What became of each pair of backends and of each mixed fleet, as a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations, product
from pathlib import Path

NOT_RUN, PASSED, FAILED = "not run", "passed", "failed"


@dataclass(slots=True, kw_only=True)
class _Result:
    """Passed only once somebody has said so, and nobody found a reason against it."""

    database: str
    answers: int = 0
    status: str = NOT_RUN
    why: str | None = None

    def fail(self, why: str) -> None:
        """Keep the first reason, which the others may follow from."""
        self.status = FAILED
        self.why = self.why or why

    def complete(self) -> None:
        """Everything was tried."""
        if self.status == NOT_RUN:
            self.status = PASSED


@dataclass(slots=True, kw_only=True)
class Pair(_Result):
    """What one backend wrote, and another read, changed and deleted."""

    writer: str
    reader: str

    @property
    def backends(self) -> set[str]:
        """Who took part."""
        return {self.writer, self.reader}


@dataclass(slots=True, kw_only=True)
class Fleet(_Result):
    """What two backends did that served one database at the same moment."""

    backends: tuple[str, str]
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(slots=True)
class Outcome:
    """Everything that is to be done, and how it went."""

    pairs: list[Pair] = field(default_factory=list)
    fleets: list[Fleet] = field(default_factory=list)

    @classmethod
    def expected(
        cls, database: str, backends: Sequence[str], *, pairs: bool = True, fleets: bool = True
    ) -> Outcome:
        """What there is to do on one database."""
        return cls(
            [
                Pair(database=database, writer=writer, reader=reader)
                for writer, reader in product(backends, repeat=2)
                if pairs
            ],
            [
                Fleet(database=database, backends=both)
                for both in combinations(backends, 2)
                if fleets
            ],
        )

    @property
    def results(self) -> list[Pair | Fleet]:
        """All of them."""
        return [*self.pairs, *self.fleets]

    @property
    def passed(self) -> bool:
        """Whether there was something to do, and all of it went well."""
        return bool(self.results) and all(result.status == PASSED for result in self.results)

    def blame(self, faults: Mapping[str, str]) -> None:
        """Hold what befell a service as a whole against all that it had a part in."""
        for backend, why in faults.items():
            for result in self.results:
                if backend in result.backends:
                    result.fail(f"{backend} {why}")

    def add(self, other: Outcome) -> None:
        """Take in what was done on another database."""
        self.pairs += other.pairs
        self.fleets += other.fleets

    def write(self, file: Path) -> None:
        """Write it as JSON."""
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(self), indent=2)
        file.write_text(text + "\n", encoding="utf-8")
