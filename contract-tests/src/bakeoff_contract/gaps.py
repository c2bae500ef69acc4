"""What a backend is declared not to do: strict expected failures, so that closing it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

_WRITTEN = re.compile(r"(?P<test>.+)=(?P<kind>notyet|never):(?P<reason>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of the contract that the backend does not keep: `notyet` or `never`, and why."""

    test: str
    kind: str
    reason: str

    @classmethod
    def parse(cls, written: str) -> Gap:
        """Read `<part of a test's id>=<kind>:<reason>`.

        :raises pytest.UsageError: it is not written like that.
        """
        found = _WRITTEN.fullmatch(written)
        if found is None:
            raise pytest.UsageError(
                f"--gap {written!r} must look like TEST=notyet:REASON or TEST=never:REASON"
            )
        return cls(**found.groupdict())


def mark(gaps: Iterable[Gap], items: Iterable[pytest.Item]) -> None:
    """Expect the tests of each gap to fail.

    :raises pytest.UsageError: a gap names no test; it would declare nothing.
    """
    chosen = list(items)
    for gap in gaps:
        tests = [item for item in chosen if gap.test in item.nodeid]
        if not tests:
            raise pytest.UsageError(f"--gap {gap.test!r} names no test of this run")
        for item in tests:
            item.add_marker(pytest.mark.xfail(strict=True, reason=f"{gap.kind}: {gap.reason}"))
