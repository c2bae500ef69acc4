"""Opens an arm in this process."""

from __future__ import annotations

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import packages_distributions, version

from bakeoff_bench.arms.arm import Arm, layer_config, make
from bakeoff_bench.arms.catalogue import BY_NAME
from bakeoff_bench.protocol import Open, Opened
from bakeoff_bench.scenarios import SCENARIOS


class UnknownArmError(LookupError):
    """The catalogue has no arm of this name."""


@asynccontextmanager
async def opened(command: Open) -> AsyncIterator[tuple[Arm, Opened]]:
    """The arm with its whole pool connected; it is closed at the end.

    :raises UnknownArmError: there is no such arm.
    """
    if command.arm not in BY_NAME:
        raise UnknownArmError(f"there is no arm {command.arm!r}; known are {', '.join(BY_NAME)}")
    spec = BY_NAME[command.arm]
    arm = make(spec, layer_config(command.url, pool=command.pool, driver=spec.driver))
    try:
        await arm.open()
        answer = Opened(
            versions=_versions(),
            scenarios=[one.name for one in SCENARIOS if arm.operation(one.name) is not None],
        )
        # Exempt long-lived objects (modules, pools, caches) from garbage collection: a layer of
        # many modules would pay for its size in every collection, at random moments.
        gc.collect()
        gc.freeze()
        yield arm, answer
    finally:
        await arm.close()


def _versions() -> dict[str, str]:
    imported = {name.partition(".")[0] for name in sys.modules}
    distributions = packages_distributions()
    names = {name for module in imported for name in distributions.get(module, ())}
    return {name: version(name) for name in sorted(names, key=str.casefold)}
