"""Any data layer behind the port, as an arm: what a request of the service does, without HTTP."""

from __future__ import annotations

from functools import partial

from bakeoff.backends import make_layer
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_bench.arms.arm import Operation
from bakeoff_bench.scenarios import BY_NAME
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.ports import DataLayer

CONTENTION_RETRIES = 10
"""The default of the service."""


class PortArm:
    """One layer behind the unit of work of the service.

    The unit of work repeats a transaction that lost a conflict. Users pay for this too, and without
    it a mix of writers would end at the first deadlock.
    """

    def __init__(self, layer: DataLayer) -> None:
        self._layer = layer
        self._work = UnitOfWork(layer, contention_retries=CONTENTION_RETRIES)

    async def open(self) -> None:
        """Connect.

        :raises Unavailable: the database does not let us in.
        """
        await self._layer.open()

    async def close(self) -> None:
        await self._layer.close()

    def operation(self, scenario: str) -> Operation | None:
        """Every scenario."""
        known = BY_NAME.get(scenario)
        return None if known is None else partial(known.run, self._work)


def make(config: LayerConfig, *, backend: str) -> PortArm:
    """The installed backend of that name.

    :raises UnknownBackend: it is not installed here.
    :raises ValueError: the settings do not suit it.
    """
    return PortArm(make_layer(backend, config))
