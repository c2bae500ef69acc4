"""Starts the bookstore service with one backend, as a user would, but within this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI

from bakeoff.app import create_app
from bakeoff.settings import Settings
from bakeoff_contract.api import Api
from bakeoff_contract.server import serving
from bakeoff_schemas.database_url import DatabaseUrl

REFERENCE = "memory"
POOL = 10


def application(backend: str, url: DatabaseUrl | None = None, **settings: Any) -> FastAPI:
    """The service, not connected; a `.env` file that happens to be here is not read."""
    chosen: dict[str, Any] = {
        "backend": backend,
        "connect_retries": 0,
        "pool_max": POOL,
        "log_level": "error",
        # The cheapest hash there is: passwords are not what takes the time here.
        "argon2_time_cost": 1,
        "argon2_memory_kib": 32,
    }
    if url is not None:
        chosen["database_url"] = url.render()
    return create_app(Settings(_env_file=None, **(chosen | settings)))


@contextmanager
def service(backend: str, url: DatabaseUrl | None = None, **settings: Any) -> Iterator[Api]:
    """A client of a running service.

    :raises ServerFailed: it does not start or stop.
    """
    with serving(application(backend, url, **settings)) as base_url, Api(base_url) as api:
        yield api
