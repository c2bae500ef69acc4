"""The errors whose messages are for people: they say what is wrong, and what to do."""

from __future__ import annotations

from bakeoff.backends import UnknownBackend
from bakeoff.cli.console import Failure
from bakeoff.extras import MissingExtra
from bakeoff.modules.errors import BrokenModule, UnknownModule
from bakeoff_schemas.errors import ContractError
from bakeoff_schemas.migrate import MigrationError

EXPECTED = (
    *(Failure, UnknownBackend, UnknownModule, BrokenModule),
    *(MissingExtra, MigrationError, ContractError),
)
