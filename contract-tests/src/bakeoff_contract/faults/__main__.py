"""Does faults to a backend under load: `python -m bakeoff_contract.faults --help`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from bakeoff_contract.faults import records
from bakeoff_contract.faults.cell import Cell, run_cell
from bakeoff_contract.faults.every import EVERY
from bakeoff_contract.faults.records import FaultRecord
from bakeoff_contract.throwaway import SQLITE
from bakeoff_contract.throwaways.database import Product


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the faults to one backend on one database; 0 if every promise was kept, else 1."""
    parser = _parser()
    options = parser.parse_args(arguments)
    # nox and CI stop a run with SIGTERM; databases, servers and services must be removed even then.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    backend, python = options.backend
    server = SQLITE
    if options.database != SQLITE:
        variable = f"BAKEOFF_TEST_{options.database.upper()}_URL"
        server = os.environ.get(variable, "")
        if not server:
            parser.error(f"there is no {options.database} server: set {variable}")
    cell = Cell(
        backend=backend, python=python, product=options.database, server=server, logs=options.logs
    )
    faults = [EVERY[name] for name in options.fault or EVERY]
    done = run_cell(cell, faults, full=options.full, tell=_Progress(len(faults)))
    records.write([done], options.report)
    return 1 if any(fault.status == "broken" for fault in done.faults) else 0


class _Progress:
    """Tells of each fault that was done, and of the time left at the speed so far."""

    def __init__(self, faults: int) -> None:
        self._faults = faults
        self._done = 0
        self._began = time.monotonic()

    def __call__(self, name: str, record: FaultRecord) -> None:
        self._done += 1
        left = self._faults - self._done
        minutes, seconds = divmod(
            round((time.monotonic() - self._began) / self._done * left), 60
        )
        until = f", about {minutes} min {seconds:02d} s left" if left else ""
        lines = [f"{self._done}/{self._faults} {name}: {_told(record)}{until}"]
        lines += [f"    {sentence}" for sentence in record.broken]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def _told(record: FaultRecord) -> str:
    if record.why is not None:
        return f"not applicable: {record.why}"
    recovered = record.recovered_ms
    well = "not well again" if recovered is None else f"well again after {recovered:.0f} ms"
    counts = f"{record.requests} requests, {record.acknowledged} acknowledged writes"
    return f"{record.status}; {counts}, {well}, slowest {record.slowest_ms:.0f} ms"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bakeoff_contract.faults", description=__doc__)
    parser.add_argument(
        "--backend",
        metavar="NAME=PYTHON",
        required=True,
        type=_backend,
        help="a backend, and the Python of the environment that it is installed in",
    )
    parser.add_argument(
        "--database",
        choices=get_args(Product),
        required=True,
        help="sqlite, or one whose server BAKEOFF_TEST_<NAME>_URL names",
    )
    parser.add_argument(
        "--fault", choices=EVERY, action="append", help="a fault; by default every one is done"
    )
    parser.add_argument(
        "--full", action="store_true", help="longer load, and faults of ten seconds"
    )
    parser.add_argument("--report", metavar="FILE", type=Path, required=True, help="the records")
    parser.add_argument(
        "--logs", metavar="FOLDER", type=Path, required=True, help="what the services log"
    )
    return parser


def _backend(written: str) -> tuple[str, Path]:
    name, equals, python = written.partition("=")
    if not (name and equals and python):
        raise argparse.ArgumentTypeError(f"{written!r} must look like NAME=PYTHON")
    # Not resolved: the path of the link, not its target, selects the environment.
    return name, Path(python).absolute()


if __name__ == "__main__":
    sys.exit(main())
