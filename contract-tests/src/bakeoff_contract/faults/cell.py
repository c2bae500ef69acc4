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
from bakeoff_contract.faults.servers import PrivateServer, private_server, why_no_server
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
    records, info = [], dict[str, Any]()
    with ExitStack() as stack:
        private: list[PrivateServer] = []

        def own_server() -> PrivateServer:
            # Most of the time of a fault would go into starting one for each.
            if not private:
                private.append(stack.enter_context(private_server(cell.product)))
            return private[0]

        for fault in faults:
            why = _why_not(fault, cell)
            if why is not None:
                record = FaultRecord(name=fault.name, status="not_applicable", why=why)
            else:
                record, seen = _attempt(fault, cell, own_server, full=full)
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


def _why_not(fault: Fault, cell: Cell) -> str | None:
    if cell.product not in fault.products:
        return f"{cell.product} has nothing that this could happen to"
    return why_no_server(cell.product) if _needs_server(fault, cell) else None


def _needs_server(fault: Fault, cell: Cell) -> bool:
    """A file has no server, and is its own."""
    return fault.needs_server and cell.product in SERVERS


def _attempt(
    fault: Fault, cell: Cell, own_server: Callable[[], PrivateServer], *, full: bool
) -> tuple[FaultRecord, Mapping[str, Any]]:
    """Do a fault; if the run itself fails, no promise was seen to be kept."""
    log = cell.logs / f"{cell.backend}-{cell.product}-{fault.name}.log"
    log.unlink(missing_ok=True)
    try:
        server = own_server() if _needs_server(fault, cell) else None
        address = cell.server if server is None else server.url.render()
        with throwaway(address) as database:
            seat = Seat(
                backend=cell.backend,
                python=cell.python,
                database=database,
                server=server,
                log=log,
            )
            return run(fault, seat, full=full)
    except Exception as error:
        sys.stderr.write(traceback.format_exc())
        sentence = f"the run ended with {type(error).__name__}: {error}"
        return FaultRecord(name=fault.name, status="broken", broken=(sentence,)), {}


def _version(python: Path) -> str:
    program = "import platform; print(platform.python_version())"
    done = subprocess.run([python, "-c", program], check=True, capture_output=True, text=True)
    return done.stdout.strip()


