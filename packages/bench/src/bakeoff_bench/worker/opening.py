"""Imports an arm, makes it and opens it, and takes the time of each."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import packages_distributions, version

from bakeoff_bench.arms.arm import Arm, Describing
from bakeoff_bench.arms.catalogue import BY_NAME
from bakeoff_bench.arms.making import layer_config, make
from bakeoff_bench.protocol import Open, Opened
from bakeoff_bench.scenarios import SCENARIOS


class UnknownArmError(LookupError):
    """The catalogue has no arm of this name."""


@asynccontextmanager
async def opened(command: Open) -> AsyncIterator[tuple[Arm, Opened]]:
    """The arm with its whole pool connected, and what there is to tell; closed at the end.

    :raises UnknownArmError: there is no such arm.
    :raises Exception: whatever keeps the arm from being imported, made or connected.
    """
    if command.arm not in BY_NAME:
        raise UnknownArmError(f"there is no arm {command.arm!r}; known are {', '.join(BY_NAME)}")
    spec = BY_NAME[command.arm]
    config = layer_config(command.url, pool=command.pool, driver=spec.driver)
    began = time.perf_counter_ns()
    arm = make(spec, config)
    imported = time.perf_counter_ns()
    try:
        await arm.open()
        connected = time.perf_counter_ns()
        answer = Opened(
            pid=os.getpid(),
            import_ns=imported - began,
            open_ns=connected - imported,
            info=await arm.describe() if isinstance(arm, Describing) else {},
            versions=_versions(),
            scenarios=[one.name for one in SCENARIOS if arm.operation(one.name) is not None],
        )
        _settle()
        yield arm, answer
    finally:
        await arm.close()


def _settle() -> None:
    """Have the garbage collector forget what is there to stay: modules, pools, caches.

    Otherwise a layer of many modules would pay for its size in every collection, at random moments.
    """
    gc.collect()
    gc.freeze()


def _versions() -> dict[str, str]:
    """Of every distribution that has a module imported."""
    imported = {name.partition(".")[0] for name in sys.modules}
    distributions = packages_distributions()
    names = {name for module in imported for name in distributions.get(module, ())}
    return {name: version(name) for name in sorted(names, key=str.casefold)}
