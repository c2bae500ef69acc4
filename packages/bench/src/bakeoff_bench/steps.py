"""Progress through work that is made of steps, each about as long as any other."""

from __future__ import annotations

from bakeoff_bench.progress import Report


class Steps:
    """Reports after how many of them the work is."""

    def __init__(self, report: Report, *, count: int) -> None:
        self._report = report
        self._count = max(count, 1)
        self._done = 0

    def tell(self, what: str) -> None:
        """Say what is going on within a step."""
        self._report(what, done=min(1.0, self._done / self._count))

    def finish(self, what: str) -> None:
        """Say which step has come to its end."""
        self._done += 1
        self.tell(what)
