"""`run.py compare`: prove and measure the chosen layers, and build the page that shows it."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import bakeoff_servers
from bakeoff_tasks import checks, ledger, matrix, running
from bakeoff_tasks import statements as recordings
from bakeoff_tasks.registry import (
    DEFAULT_PYTHON,
    MEMORY,
    ROOT,
    Backend,
    Cell,
    backends,
    usual_cells,
)

PAGE = ROOT / "build/report/index.html"
_BENCH = ROOT / "build/bench.json"
# Many short restarts: on a busy machine they tell more than few long ones.
_QUICK = ("--quick", "--costs", "--restarts", "4")
_SECONDS_A_DATABASE = 150
# What the reference runs measure, so that both stand side by side; they have one task as well.
_SCENARIOS = (
    "point-read",
    "page-first",
    "page-filtered",
    "search",
    "report-sales",
    "create",
    "update",
    "order",
)
_TO_SHOW = (
    *(part for name in _SCENARIOS for part in ("--scenario", name)),
    *("--tasks", "16"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What to compare; `databases` is None for every one whose server can be had."""

    backends: tuple[Backend, ...]
    databases: tuple[str, ...] | None
    full: bool
    opened: bool

    @property
    def sqlite(self) -> bool:
        """Whether SQLite takes part, which needs no server."""
        return self.databases is None or "sqlite" in self.databases

    def cells(self, servers: Collection[str]) -> list[Cell]:
        """The cells of the contract, with the usual Python; the reference is always one."""
        there = {*servers, "sqlite"} if self.sqlite else {*servers}
        return [
            cell
            for cell in usual_cells()
            if cell.python == DEFAULT_PYTHON
            and (
                cell.database == MEMORY
                or (cell.backend in self.backends and cell.database in there)
            )
        ]


def chosen(arguments: Sequence[str]) -> Chosen:
    """What the arguments name.

    :raises ValueError: they name something unknown.
    """
    layers = {backend.name: backend for backend in backends() if backend.databases}
    databases = list(dict.fromkeys(name for one in layers.values() for name in one.databases))
    parser = argparse.ArgumentParser(
        prog="run.py compare", description=__doc__, exit_on_error=False
    )
    parser.add_argument(
        "--backends",
        metavar="NAME,…",
        help=f"some of {', '.join(layers)}; without: all. raw always takes part",
    )
    parser.add_argument(
        "--databases",
        metavar="NAME,…",
        help=f"some of {', '.join(databases)}; without: SQLite, and every server that is there or "
        "can be started",
    )
    parser.add_argument(
        "--full", action="store_true", help="measure for hours: larger data sets, HTTP, growth"
    )
    parser.add_argument("--no-open", action="store_true", help="do not open the page in a browser")
    try:
        options = parser.parse_args(arguments)
    except argparse.ArgumentError as error:
        raise ValueError(str(error)) from None
    names = _some_of(layers, options.backends, what="backend")
    return Chosen(
        backends=tuple(one for name, one in layers.items() if name in {*names, "raw"}),
        databases=options.databases
        and tuple(_some_of(databases, options.databases, what="database")),
        full=options.full,
        opened=not options.no_open and sys.stdout.isatty(),
    )


def servers(what: Chosen) -> dict[str, bakeoff_servers.Server]:
    """Find or start the servers; without a choice, those that cannot be had are left out.

    :raises CheckFailed: a server that was chosen cannot be had.
    """
    wanted = bakeoff_servers.DATABASES if what.databases is None else what.databases
    found = bakeoff_servers.up(name for name in bakeoff_servers.DATABASES if name in wanted)
    for name, reason in found.reasons.items():
        if what.databases is not None:
            raise running.CheckFailed(f"{name}: {reason}; or compare --databases sqlite")
        running.show(f"without {name}: {reason}")
    return found.servers


def prove(what: Chosen, servers: Collection[str]) -> list[str]:
    """Run contract, layer suite and statements of each cell; answer the names of what failed."""
    cells = what.cells(servers)
    running.show("Installing what the layers need …")
    commands = {
        # What is above the port, and requests drawn from the document, tell no layer from another.
        f"contract of {cell.name}": matrix.command(cell, (), port_only=True, drawn=False)
        for cell in cells
    }
    stored = [cell for cell in cells if cell.database != MEMORY]
    commands |= {f"layer suite of {cell.name}": checks.layer_command(cell) for cell in stored}
    commands |= {f"statements of {cell.name}": checks.statements_command(cell) for cell in stored}
    failed = []
    for done in running.each(commands):
        running.show(f"{done.name}: {'failed' if done.code else 'passed'}")
        if done.code:
            failed.append(done.name)
            running.show(done.printed)
    matrix.write([matrix.judge(cell) for cell in cells])
    recordings.write([recordings.judge(cell) for cell in stored])
    return failed + ledger.problems(backends(), write=False)


def bench(
    what: Chosen, servers: Mapping[str, bakeoff_servers.Server]
) -> tuple[list[str], dict[str, str]]:
    """The command of the bench, with each layer's tutorial beside it, and its environment."""
    names = {backend.name for backend in what.backends}
    arms = [arm for name in sorted(names) for arm in (name, f"{name}-tutorial")]
    chosen = [part for arm in arms if arm != "raw-tutorial" for part in ("--arm", arm)]
    seconds = _SECONDS_A_DATABASE * (len(servers) + what.sqlite)
    length = ["--full"] if what.full else [*_QUICK, "--time-limit", f"{seconds}s", *_TO_SHOW]
    command = checks.bench_command(
        "bakeoff_bench", "run", *length, *chosen, "--output", str(_BENCH)
    )
    return command, checks.bench_environment(servers=servers, sqlite=what.sqlite)


def build(what: Chosen) -> Path:
    """Build the page of everything that was proven and measured.

    :raises CheckFailed: it cannot be built.
    """
    checks.make_report(())
    running.show(f"The comparison: {PAGE.as_uri()}")
    if what.opened:
        webbrowser.open(PAGE.as_uri())
    return PAGE


def _some_of(
    known: Sequence[str] | dict[str, Backend], listed: str | None, *, what: str
) -> list[str]:
    """The names in a list with commas.

    :raises ValueError: one is unknown.
    """
    names = [*known] if listed is None else [name.strip() for name in listed.split(",")]
    for name in names:
        if name not in known:
            raise ValueError(f"there is no {what} {name!r}; there are {', '.join(known)}")
    return names
