"""`python -m bakeoff_bench.loading`: answers in JSON, tells on standard error how far it is."""

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
from bakeoff_bench.loading import cleaning, databases, mark, places
from bakeoff_bench.loading.dropping import drop
from bakeoff_bench.loading.facts import facts
from bakeoff_bench.loading.preparing import Wanted, prepare
from bakeoff_bench.loading.session import connected
from bakeoff_schemas.database_url import DatabaseUrl

_URL = "BAKEOFF_DATABASE_URL"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 1 means that it could not be done, 2 that it was not understood."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if not given.url:
        parser.error(f"name the server, or the folder for SQLite: --url or {_URL}")
    try:
        address = DatabaseUrl.parse(given.url)
    except ValueError as error:
        parser.error(f"{error} (--url or {_URL})")
    try:
        answer = _COMMANDS[given.command](address, given)
    except BenchError as error:
        _tell({"error": str(error)})
        return 1
    print(json.dumps(answer))  # noqa: T201
    return 0


def _prepare(address: DatabaseUrl, given: argparse.Namespace) -> dict[str, Any]:
    if given.catalogue is not None:
        wanted = Wanted(size=places.CATALOGUE, books=0, catalogue=given.catalogue)
    else:
        wanted = Wanted(size=given.size, books=SIZES[given.size])
    return prepare(address, wanted, report=_report)


def _clean(address: DatabaseUrl, given: argparse.Namespace) -> dict[str, Any]:
    began = time.monotonic()
    url = places.bench_url(address, given.size)
    if not databases.exists(url):
        raise BenchError(f"{url.place} is not there: prepare it first")
    with connected(url) as session:
        there = mark.read(session) if session.has_table(mark.TABLE) else None
        if there is None:
            raise BenchError(f"{url.place} holds no data set of the bench: prepare it first")
        cleaned = cleaning.clean(session, there)
    return {**asdict(cleaned), "seconds": round(time.monotonic() - began, 3)}


def _drop(address: DatabaseUrl, given: argparse.Namespace) -> dict[str, Any]:
    sizes = places.DATASETS if given.size is None else (given.size,)
    return {"dropped": drop(address, sizes=sizes)}


def _facts(address: DatabaseUrl, given: argparse.Namespace) -> dict[str, Any]:
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
    clean.add_argument("--size", choices=places.DATASETS, required=True)
    drop_ = commands.add_parser("drop", help="remove databases of the bench, all by default")
    drop_.add_argument("--size", choices=places.DATASETS)
    commands.add_parser("facts", help="what the server says of itself")
    for command in commands.choices.values():
        command.add_argument(
            "--url",
            default=os.environ.get(_URL),
            help=f"the server, or sqlite:///folder; better in {_URL}, where nobody sees a password",
        )
    return parser


def _report(what: str, done: int, total: int) -> None:
    _tell({"what": what, "done": done, "total": total})


def _tell(fact: dict[str, Any]) -> None:
    print(json.dumps(fact), file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
