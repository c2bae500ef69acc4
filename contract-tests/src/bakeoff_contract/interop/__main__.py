"""Proves that backends work together: `python -m bakeoff_contract.interop --help`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bakeoff_contract.interop import fleet, pairs, processes
from bakeoff_contract.interop.outcome import Outcome
from bakeoff_contract.throwaway import SQLITE, throwaway

EVERYTHING = ("pairs", "fleets")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prove it on one database; 0 where all is well."""
    options = _parser().parse_args(arguments)
    # What ends us from outside shall not leave databases and services behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    pythons: dict[str, Path] = dict(options.backend)
    only = options.only or EVERYTHING
    outcome = Outcome.expected(
        options.database, list(pythons), pairs="pairs" in only, fleets="fleets" in only
    )
    variable = f"BAKEOFF_TEST_{options.database.upper()}_URL"
    server = SQLITE if options.database == SQLITE else os.environ[variable]
    with throwaway(server) as made:
        with processes.running(pythons, made.url, logs=options.logs) as services:
            pairs.prove(services.apis, outcome.pairs)
            fleet.prove_all(services.apis, outcome.fleets)
        outcome.blame(services.faults)
    outcome.write(options.report)
    return 0 if outcome.passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bakeoff_contract.interop", description=__doc__)
    parser.add_argument(
        "--backend",
        metavar="NAME=PYTHON",
        action="append",
        required=True,
        type=_backend,
        help="a backend, and the Python of the environment that it is installed in",
    )
    parser.add_argument(
        "--database",
        metavar="NAME",
        required=True,
        help="sqlite, or one whose server BAKEOFF_TEST_<NAME>_URL names",
    )
    parser.add_argument(
        "--only", choices=EVERYTHING, action="append", help="pairs, or mixed fleets; default: both"
    )
    parser.add_argument(
        "--report", metavar="FILE", type=Path, required=True, help="write the outcome there"
    )
    parser.add_argument(
        "--logs", metavar="FOLDER", type=Path, required=True, help="keep what the services say"
    )
    return parser


def _backend(written: str) -> tuple[str, Path]:
    name, equals, python = written.partition("=")
    if not (name and equals and python):
        raise argparse.ArgumentTypeError(f"{written!r} must look like NAME=PYTHON")
    # Not resolved: an environment is known by the path of its Python, which is a link.
    return name, Path(python).absolute()


if __name__ == "__main__":
    sys.exit(main())
