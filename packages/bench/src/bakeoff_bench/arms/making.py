"""From an arm's description to the arm, with the settings that all arms are given."""

from __future__ import annotations

from importlib import import_module

from bakeoff_bench.arms.arm import Arm
from bakeoff_bench.arms.catalogue import ArmSpec
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl


def layer_config(url: str, *, pool: int, driver: str | None = None) -> LayerConfig:
    """What every arm is told: the service's defaults, but a pool that is full from the start.

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
