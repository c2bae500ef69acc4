"""Services of the backend under test, on its database, with settings that a test chooses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI

from bakeoff_contract.api import Api
from bakeoff_contract.server import serving
from bakeoff_contract.service import application
from bakeoff_contract.throwaway import Throwaway


@dataclass(frozen=True, slots=True)
class OwnService:
    """The backend, its database if it has one, and what all its services are set to."""

    backend: str
    database: Throwaway | None
    settings: dict[str, Any]

    @classmethod
    def of(cls, config: pytest.Config, database: Throwaway | None, **settings: Any) -> OwnService:
        """Those of a run with `--backend`."""
        return cls(config.getoption("--backend"), database, settings)

    def application(self, **settings: Any) -> FastAPI:
        """Another service, not connected."""
        url = self.database.url if self.database else None
        return application(self.backend, url, **(self.settings | settings))

    @contextmanager
    def running(self, **settings: Any) -> Iterator[Api]:
        """A client of another service."""
        with serving(self.application(**settings)) as base_url, Api(base_url) as api:
            yield api
