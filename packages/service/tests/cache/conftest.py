from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bakeoff_contract.own_redis import OwnRedis, program

# Where no Redis can be started, these are not collected; where one is required, they fail.
_REQUIRED = "redis" in os.environ.get("BAKEOFF_REQUIRE", "").replace(",", " ").split()
_WITH_REDIS = ["test_fences.py", "test_filling.py", "test_load.py", "test_reset.py"]
collect_ignore = [] if program() or _REQUIRED else _WITH_REDIS


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """A Redis server of this test's own."""
    with OwnRedis(tmp_path) as server:
        yield server
