"""Keeps a service under load and watches its memory: `python -m bakeoff_contract.soak --help`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bakeoff_contract.soak.run import soak

SERVER = "BAKEOFF_TEST_POSTGRESQL_URL"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one soak and write its record; 0 if all of it holds."""
    parser = _parser()
    options = parser.parse_args(arguments)
    server = os.environ.get(SERVER)
    if server is None:
        parser.error(f"{SERVER} names no server: python tools/servers.py up postgresql")
    if not Path("/proc/self/status").exists():
        parser.error("memory and descriptors are read from /proc, which only Linux has")
    # nox and CI stop a run with SIGTERM; database and service must be removed even then.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def tell(text: str) -> None:
        sys.stdout.write(f"{options.backend}: {text}\n")
        sys.stdout.flush()

    record = soak(
        options.backend, server, requests=options.requests, minutes=options.minutes, tell=tell
    )
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    for sentence in record["broken"]:
        tell(sentence)
    return 0 if record["holds"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bakeoff_contract.soak", description=__doc__)
    parser.add_argument(
        "--backend", metavar="NAME", required=True, help="an installed backend; on PostgreSQL"
    )
    parser.add_argument("--requests", metavar="N", type=_requests, required=True, help="how many")
    parser.add_argument(
        "--minutes", metavar="M", type=float, required=True, help="stop after so long in any case"
    )
    parser.add_argument("--report", metavar="FILE", type=Path, required=True, help="the record")
    return parser


def _requests(written: str) -> int:
    if not written.isdecimal() or int(written) < 1000:
        raise argparse.ArgumentTypeError(f"{written!r} must be a number from 1000")
    return int(written)


if __name__ == "__main__":
    sys.exit(main())
