"""All chosen faults on one cell, one after the other, each with a database of its own."""

from __future__ import annotations

import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bakeoff_contract.faults.fault import SERVERS, Fault
from bakeoff_contract.faults.records import CellRecord, FaultRecord
from bakeoff_contract.faults.run import Seat, run
from bakeoff_contract.faults.servers import NoSoftware, PrivateServer, private_server
from bakeoff_contract.throwaway import throwaway
from bakeoff_contract.throwaways.database import Product

Tell = Callable[[str, FaultRecord], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A backend with the Python of its environment, on a database.

    `server` is the address of a server that others use as well, or `sqlite`.
    """

    backend: str
    python: Path
    product: Product
    server: str
    logs: Path


def run_cell(cell: Cell, faults: Sequence[Fault], *, full: bool, tell: Tell) -> CellRecord:
    """Do these faults; `tell` hears of each."""
    records: list[FaultRecord] = []
    info: dict[str, Any] = {}
    with _OwnServer(cell.product) as own:
        for fault in faults:
            record, seen = _attempt(fault, cell, own, full=full)
            info.update(seen)
            records.append(record)
            tell(f"{cell.backend}-{cell.product} {fault.name}", record)
    return CellRecord(
        backend=cell.backend,
        database=cell.product,
        server_version=info.get("server_version"),
        layer_version=info.get("layer_version"),
        python=_version(cell.python),
        faults=tuple(records),
    )


class _OwnServer(ExitStack):
    """A server for all faults that need one: most of their time would go into starting it."""

    def __init__(self, product: Product) -> None:
        super().__init__()
        self._product = product
        self._server: PrivateServer | None = None

    def get(self) -> PrivateServer:
        """The server, which runs.

        :raises NoSoftware: it cannot be had here; the message is a sentence that says why.
        """
        if self._server is None:
            self._server = self.enter_context(private_server(self._product))
        return self._server

    def forget(self) -> None:
        """Remove it: nobody knows how a run that has failed has left it."""
        self._server = None
        self.pop_all().close()


def _attempt(
    fault: Fault, cell: Cell, own: _OwnServer, *, full: bool
) -> tuple[FaultRecord, Mapping[str, Any]]:
    """Do a fault; if the run itself fails, no promise was seen to be kept."""
    if cell.product not in fault.products:
        return _not_applicable(fault, f"it cannot happen to {cell.product}"), {}
    log = cell.logs / f"{cell.backend}-{cell.product}-{fault.name}.log"
    log.unlink(missing_ok=True)
    try:
        server = own.get() if fault.needs_server and cell.product in SERVERS else None
        with throwaway(cell.server if server is None else server.url) as database:
            seat = Seat(
                backend=cell.backend,
                python=cell.python,
                database=database,
                server=server,
                log=log,
            )
            return run(fault, seat, full=full)
    except NoSoftware as reason:
        return _not_applicable(fault, str(reason)), {}
    except Exception as error:
        sys.stderr.write(traceback.format_exc())
        own.forget()
        sentence = f"the run ended with {type(error).__name__}: {error}"
        return FaultRecord(name=fault.name, status="broken", broken=(sentence,)), {}


def _not_applicable(fault: Fault, why: str) -> FaultRecord:
    return FaultRecord(name=fault.name, status="not_applicable", why=why)


def _version(python: Path) -> str:
    program = "import platform; print(platform.python_version())"
    done = subprocess.run([python, "-c", program], check=True, capture_output=True, text=True)
    return done.stdout.strip()
