"""Progress of a long piece of work, independent of how it is shown."""

from __future__ import annotations

from typing import Protocol


class Report(Protocol):
    """Takes the current step in words and the share of all work that is done, up to 1."""

    def __call__(self, what: str, *, done: float) -> None: ...


def quiet(what: str, *, done: float) -> None:
    """Show nothing."""


class Steps:
    """Progress through work that is made of steps of about the same length."""

    def __init__(self, report: Report, *, count: int) -> None:
        self._report = report
        self._count = max(count, 1)
        self._done = 0

    def tell(self, what: str) -> None:
        """Report what is going on within a step."""
        self._report(what, done=min(1.0, self._done / self._count))

    def finish(self, what: str) -> None:
        self._done += 1
        self.tell(what)
