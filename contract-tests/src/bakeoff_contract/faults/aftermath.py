"""What is left when the load has ended: connections, transactions, and all that is stored."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Collection
from dataclasses import dataclass, field

from bakeoff_contract.api import Api
from bakeoff_contract.faults import readback
from bakeoff_contract.faults.fault import Target
from bakeoff_contract.faults.readback import Stored
from bakeoff_contract.leaks import assert_nothing_left
from bakeoff_contract.throwaway import Server

_SETTLED = 10.0
# So often in a row, and with such pauses, all must be as it should: sessions come and go.
_LOOKS, _PAUSE = 5, 0.1


@dataclass(slots=True, kw_only=True)
class Aftermath:
    """`stored` is what the database has, `shown` what the API shows of it, None if it does not.

    `connections` is None for SQLite; `broken` has a sentence for each thing that is not as it was.
    """

    stored: Stored
    shown: Stored | None
    connections: int | None
    broken: list[str] = field(default_factory=list)


def connections(target: Target) -> int | None:
    """How many connections the service has, as the server counts them."""
    database = target.database
    return len(database.sessions()) if isinstance(database, Server) else None


def aftermath(target: Target, customers: Collection[str]) -> Aftermath:
    """Wait until all is quiet, read back, and let the service end."""
    left, broken = _settled(target)
    shown = None
    try:
        with Api(target.service.base_url) as api:
            assert_nothing_left(api)
            shown = readback.from_api(api, customers)
    except Exception as error:
        broken.append(f"the service cannot be asked what is stored: {_told(error)}")
    stored = readback.from_database(target.database)
    broken += _ended(target)
    return Aftermath(stored=stored, shown=shown, connections=left, broken=broken)


def _settled(target: Target) -> tuple[int | None, list[str]]:
    """The connections that are left, and what is still open some time after the last answer."""
    most = int(target.service.settings["pool_max"])
    deadline = time.monotonic() + _SETTLED
    good = 0
    while True:
        count, transactions = connections(target), target.database.open_transactions()
        found = [f"a transaction is still open: {one}" for one in transactions]
        if count is not None and count > most:
            found.append(f"the server has {count} connections of a pool of {most}")
        good = 0 if found else good + 1
        if good == _LOOKS or (found and time.monotonic() > deadline):
            return count, found
        time.sleep(_PAUSE)


def _ended(target: Target) -> list[str]:
    try:
        code = target.service.terminate()
    except subprocess.TimeoutExpired:
        return ["the service does not end when it is told to"]
    return [] if code == 0 else [f"the service ended with {code}"]


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]
