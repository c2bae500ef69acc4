"""The interface of every arm, and how an arm is made from its description."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any, Protocol

from bakeoff_bench.arms.catalogue import ArmSpec
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl

Operation = Callable[[Any], Awaitable[Any]]
"""Does one input of a scenario, and returns its answer."""


class Arm(Protocol):
    """One way to do the work of the scenarios; made by its module's `make(config)`."""

    async def open(self) -> None:
        """Connect, with a pool of the size that the settings name, every connection made."""

    async def close(self) -> None:
        """Give back every connection."""

    def operation(self, scenario: str) -> Operation | None:
        """How this arm does that scenario, or None if it does not."""


def layer_config(url: str, *, pool: int, driver: str | None = None) -> LayerConfig:
    """The settings of every arm: the service's defaults, but a pool that is full from the start.

    :raises ValueError: the address cannot be read; the message does not repeat it.
    """
    return LayerConfig(url=DatabaseUrl.parse(url), pool_min=pool, pool_max=pool, driver=driver)


def make(spec: ArmSpec, config: LayerConfig) -> Arm:
    """Import the arm and make it, without connecting.

    :raises LookupError: its backend is not installed in this environment.
    :raises ValueError: the settings do not suit it.
    """
    if spec.module is None:
        from bakeoff_bench.arms import port

        return port.make(config, backend=spec.backend)
    arm: Arm = import_module(spec.module).make(config)
    return arm
