"""Keeps services of the backends under load on PostgreSQL, one after the other."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import bakeoff_servers
from bakeoff_tasks import environments
from bakeoff_tasks.matrix import BUILD
from bakeoff_tasks.registry import ROOT, Backend, backends
from bakeoff_tasks.running import CheckFailed, show

SOAK = BUILD / "soak.json"
FOLDER = BUILD / "soak"
SHORT = 2000
LEAST = 1000
LONGEST = 60.0
_SERVER = "postgresql"
_COLUMNS = "{:12} {:>9} {:>9} {:>7} {:>9} {:>8} {:>11} {:>11} {:>5}  {}"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What to run: so many requests to each backend, and no longer than so many minutes each."""

    backends: tuple[Backend, ...]
    requests: int
    minutes: float


def chosen(arguments: Sequence[str]) -> Chosen:
    """What the arguments name.

    :raises ValueError: they name something unknown.
    """
    there = {one.name: one for one in backends() if _SERVER in one.databases}
    parser = _Parser(prog="nox -s soak --", description=__doc__)
    parser.add_argument(
        "--backends", metavar="NAME,…", help=f"some of {', '.join(there)}; without: all"
    )
    parser.add_argument(
        "--requests",
        metavar="N",
        type=int,
        default=SHORT,
        help=f"how many each gets; default: {SHORT:,}, which shows that it runs and finds large "
        "leaks. A million shows small ones",
    )
    parser.add_argument(
        "--minutes",
        metavar="M",
        type=float,
        default=LONGEST,
        help=f"stop each after so long in any case; default: {LONGEST:g}",
    )
    options = parser.parse_args(list(arguments))
    names = [*there] if options.backends is None else options.backends.split(",")
    for name in names:
        if name not in there:
            raise ValueError(f"there is no backend {name!r}; there are {', '.join(there)}")
    if options.requests < LEAST:
        raise ValueError(f"--requests must be at least {LEAST:,}")
    if options.minutes <= 0:
        raise ValueError("--minutes must be more than 0")
    return Chosen(
        backends=tuple(there[name] for name in names),
        requests=options.requests,
        minutes=options.minutes,
    )


def environment() -> dict[str, str]:
    """The server, by a variable: its address may hold a password.

    :raises CheckFailed: there is none.
    """
    addresses = bakeoff_servers.addresses([_SERVER])
    if not addresses:
        raise CheckFailed(bakeoff_servers.absence(_SERVER))
    return addresses


def command(backend: Backend, what: Chosen) -> list[str]:
    """How one backend is run; the record of an earlier run is removed."""
    report(backend).unlink(missing_ok=True)
    python = str(environments.for_contract(backend))
    options = ["--requests", str(what.requests), "--minutes", str(what.minutes)]
    return [
        *(python, "-m", "bakeoff_contract.soak", "--backend", backend.name),
        *(*options, "--report", str(report(backend))),
    ]


def report(backend: Backend) -> Path:
    """Where a backend's record is."""
    return FOLDER / f"{backend.name}.json"


def conclude(what: Chosen) -> None:
    """Write `build/soak.json` and show a table, both of all backends that have a record.

    Records of earlier runs stay: a million requests for each take hours, and may be run in parts.

    :raises CheckFailed: one of this run does not hold, or has no record.
    """
    for backend in what.backends:
        if report(backend).exists():
            about = {"commit": _commit(), "made": datetime.now(UTC).isoformat(timespec="seconds")}
            record = about | json.loads(report(backend).read_text(encoding="utf-8"))
            report(backend).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    records = [
        json.loads(report(backend).read_text(encoding="utf-8"))
        for backend in backends()
        if report(backend).exists()
    ]
    machine = {"platform": platform.platform(), "processors": os.cpu_count()}
    document = {"version": 1, "machine": machine, "backends": records}
    SOAK.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    show("\n".join(table(records)))
    holding = {record["backend"] for record in records if record["holds"]}
    failed = [one.name for one in what.backends if one.name not in holding]
    if failed:
        raise CheckFailed(f"the soak does not hold: {', '.join(failed)}")


def table(records: Sequence[dict[str, Any]]) -> list[str]:
    """A line for each record, under a heading."""
    heads = ("backend", "requests", "left", "seconds", "memory", "growth")
    lines = [_COLUMNS.format(*heads, "connections", "descriptors", "tasks", "holds")]
    for record in records:
        last = record["samples"][-1] if record["samples"] else None
        grown = record["growth_percent"]
        held = ["?"] * 4
        if last is not None:
            names = ("connections", "descriptors", "tasks")
            held = [f"{last['rss_kib'] / 1024:.0f} MiB", *(str(last[name]) for name in names)]
        lines.append(
            _COLUMNS.format(
                record["backend"],
                f"{record['requests']:,}",
                f"{record['left']:,}",
                f"{record['seconds']:,.0f}",
                held[0],
                "?" if grown is None else f"{grown:.2f} %",
                *held[1:],
                "yes" if record["holds"] else "; ".join(record["broken"]),
            )
        )
    return lines


def _commit() -> str | None:
    """The commit, where this is a checkout; with `+` if there are changes."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip()
