"""What every arm is, to the worker that times it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, runtime_checkable

Operation = Callable[[Any], Awaitable[Any]]
"""Does one drawn input of a scenario, and answers what the scenario says."""


class Arm(Protocol):
    """One way to do the work of the scenarios; made by its module's `make(config)`."""

    async def open(self) -> None:
        """Connect, with a pool of the size that the settings name, every connection made."""

    async def close(self) -> None:
        """Give back every connection."""

    def operation(self, scenario: str) -> Operation | None:
        """How this arm does that scenario, or None if it does not."""


@runtime_checkable
class Describing(Protocol):
    """An arm that can say what it is and what it is connected to."""

    async def describe(self) -> dict[str, Any]:
        """`LayerInfo` as JSON."""
