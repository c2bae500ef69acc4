from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bakeoff_contract.own_redis import OwnRedis
from bakeoff_contract.service import service
from bakeoff_contract.throwaway import SQLITE, throwaway


def test_a_catalogue_that_a_command_loads_is_seen_at_once(redis: OwnRedis, tmp_path: Path) -> None:
    with throwaway(SQLITE) as database:
        url = database.url
        environment = {
            **os.environ,
            "BAKEOFF_BACKEND": "raw",
            "BAKEOFF_DATABASE_URL": url.render(),
            "BAKEOFF_REDIS_URL": redis.url,
            "BAKEOFF_CACHE": "on",
        }
        with service("raw", url, cache="on", redis_url=redis.url) as api:
            for _ in range(2):
                assert api.items("/books") == []
            command = [sys.executable, "-m", "bakeoff", "load", "--sample"]
            subprocess.run(command, env=environment, cwd=tmp_path, check=True)
            assert len(api.items("/books")) == 40
