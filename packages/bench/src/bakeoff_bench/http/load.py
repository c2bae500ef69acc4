"""What a load generator did to a server, whichever it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests that were all answered well; latencies in nanoseconds, with how often each was."""

    requests: int
    nanoseconds: int
    latencies: Mapping[int, int]


class Driver(Protocol):
    """Makes requests for a while."""

    def __call__(self, origin: str, *, connections: int) -> Load:
        """Load the server at that origin (`http://host:port`), on so many connections at once.

        :raises BenchError: a request failed, or the generator did.
        """
