"""`python -m bakeoff_bench.loading`: prints its answer as JSON, and progress on standard error."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bakeoff_bench.dataset import SIZES
from bakeoff_bench.errors import BenchError
from bakeoff_bench.loading import CATALOGUE, DATASETS, bench_url, database_name, databases, snapshot
from bakeoff_bench.loading.databases import connected
from bakeoff_bench.loading.facts import facts
from bakeoff_bench.loading.preparing import DataSetChoice, prepare
from bakeoff_schemas.database_url import DatabaseUrl

_URL = "BAKEOFF_DATABASE_URL"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code: 1 if it failed, 2 if the arguments are wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.url:
        parser.error(f"name the server, or the folder for SQLite: --url or {_URL}")
    try:
        address = DatabaseUrl.parse(options.url)
    except ValueError as error:
        parser.error(f"{error} (--url or {_URL})")
    try:
        answer = _COMMANDS[options.command](address, options)
    except BenchError as error:
        _print_progress({"error": str(error)})
        return 1
    print(json.dumps(answer))  # noqa: T201
    return 0


def _prepare(address: DatabaseUrl, options: argparse.Namespace) -> dict[str, Any]:
    if options.catalogue is not None:
        choice = DataSetChoice(size=CATALOGUE, books=0, catalogue=options.catalogue)
    else:
        choice = DataSetChoice(size=options.size, books=SIZES[options.size])
    return prepare(address, choice, report=_report)


def _clean(address: DatabaseUrl, options: argparse.Namespace) -> dict[str, Any]:
    began = time.monotonic()
    url = bench_url(address, options.size)
    if not databases.exists(url):
        raise BenchError(f"{url.location} is not there: prepare it first")
    with connected(url) as session:
        loaded = snapshot.read(session)
        if loaded is None:
            raise BenchError(f"{url.location} holds no data set of the bench: prepare it first")
        restored = snapshot.restore(session, loaded)
    return {**asdict(restored), "seconds": round(time.monotonic() - began, 3)}


def _drop(address: DatabaseUrl, options: argparse.Namespace) -> dict[str, Any]:
    dropped = []
    for size in DATASETS if options.size is None else (options.size,):
        url = bench_url(address, size)
        if databases.exists(url):
            with connected(url) as session:
                if not snapshot.is_own(session):
                    raise BenchError(f"{url.location} was not made by the bench: drop it by hand")
            databases.drop(url)
            dropped.append(database_name(size))
    return {"dropped": dropped}


def _facts(address: DatabaseUrl, options: argparse.Namespace) -> dict[str, Any]:
    return facts(address)


_COMMANDS = {"prepare": _prepare, "clean": _clean, "drop": _drop, "facts": _facts}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bakeoff_bench.loading", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    prepare_ = commands.add_parser("prepare", help="load a data set unless it is there")
    what = prepare_.add_mutually_exclusive_group(required=True)
    what.add_argument("--size", choices=tuple(SIZES), help="synthetic books")
    what.add_argument("--catalogue", type=Path, metavar="CSV", help="the books of a file")
    clean = commands.add_parser("clean", help="put a data set back as it was loaded")
    clean.add_argument("--size", choices=DATASETS, required=True)
    drop_ = commands.add_parser("drop", help="remove databases of the bench, all by default")
    drop_.add_argument("--size", choices=DATASETS)
    commands.add_parser("facts", help="product, version and settings of the server")
    for command in commands.choices.values():
        command.add_argument(
            "--url",
            default=os.environ.get(_URL),
            help=f"the server, or sqlite:///folder; better in {_URL}, where nobody sees a password",
        )
    return parser


def _report(what: str, done: int, total: int) -> None:
    _print_progress({"what": what, "done": done, "total": total})


def _print_progress(fact: dict[str, Any]) -> None:
    print(json.dumps(fact), file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
