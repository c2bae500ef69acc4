"""The pytest plugin: options, selection, gaps and the report. Without a suite it does nothing."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bakeoff.backends import installed
from bakeoff_contract import gaps
from bakeoff_contract.report import Report
from bakeoff_contract.throwaway import SQLITE, existing
from bakeoff_schemas.database_url import DatabaseUrl

REPORT = pytest.StashKey[Report]()
_UNSELECTED = pytest.StashKey[Counter[str]]()
_SUITE = Path(__file__).parent / "suite"
_LAYER_SUITE = Path(__file__).parent / "layer_suite"
_DRIFT = Path(__file__).parent / "drift"
_INTEROP = Path(__file__).parent / "interop"
_CONDITIONS = {
    "fault_injection": "a backend in this process and a database (--backend and --database)",
    "second service": "a second service on the database (--database or --peer-url)",
    "network": "a database on a network",
    "file": "a database in a file",
    "settings": "a service with settings of the test's own (--backend)",
    "redis": "a backend in this process and Redis (BAKEOFF_TEST_REDIS_URL)",
    "redis-server": "a backend in this process and the program redis-server",
    "private server": "the program of such a database server, to start one of their own",
}
_REPORTED = "bakeoff-contract"
REDIS_URL = "BAKEOFF_TEST_REDIS_URL"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("bakeoff-contract", "the bookstore contract")
    group.addoption("--backend", metavar="NAME", help="test this installed backend")
    group.addoption(
        "--database",
        metavar="URL",
        help="a server on which a throwaway database is made, such as "
        "postgresql://user@host:5432/; without it, in a throwaway file of SQLite",
    )
    group.addoption(
        "--driver",
        metavar="NAME",
        help="for the layer suite: another driver than the backend's usual one, such as asyncmy",
    )
    group.addoption(
        "--models-python",
        metavar="FILE",
        default=sys.executable,
        help="for the check for drift: the Python of the backend's environment",
    )
    group.addoption("--base-url", metavar="URL", help="test the service that runs there instead")
    group.addoption(
        "--peer-url",
        metavar="URL",
        action="append",
        default=[],
        help="another service on the database of the one at --base-url, and so on: all read what "
        "the first one creates, and change it in turn",
    )
    group.addoption(
        "--openapi", metavar="FILE", type=Path, help="the document that /openapi.json must equal"
    )
    group.addoption(
        "--gap",
        metavar="TEST=KIND:REASON",
        action="append",
        default=[],
        help="expect the tests whose id contains TEST to fail; KIND is notyet or never",
    )
    group.addoption(
        "--port-only",
        action="store_true",
        help="leave out what the service has above the port: of it a backend sees nothing but "
        "operations of the port, which the other tests and the layer suite prove",
    )
    group.addoption(
        "--contract-report", metavar="FILE", type=Path, help="write the outcome there, as JSON"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers and the report."""
    config.addinivalue_line(
        "markers",
        "needs(condition): selected only where there is `fault_injection`, a `second service`, "
        "a `network`, a `file`, `redis`, a `redis-server` or a `private server`, or where a "
        "service can be started with other `settings`",
    )
    config.addinivalue_line(
        "markers",
        "trap(*numbers): shows that a backend does not fall into one of the reported traps; "
        "the numbers are those of docs/traps.md",
    )
    config.addinivalue_line(
        "markers",
        "above_the_port: tests something that the service does with operations of the port; "
        "`--port-only` leaves it out",
    )
    config.stash[REPORT] = Report()
    config.stash[_UNSELECTED] = Counter()
    config.pluginmanager.register(config.stash[REPORT], "bakeoff-contract-report")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Collect the other suites only where they are named: they are not part of the contract."""
    return True if collection_path in (_LAYER_SUITE, _DRIFT, _INTEROP) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests whose condition is missing, and mark declared gaps."""
    of_layers = [item for item in items if item.path.is_relative_to(_LAYER_SUITE)]
    suite = [item for item in items if item.path.is_relative_to(_SUITE)]
    if suite:
        _check_options(config)
    if of_layers:
        _check_options_for_layers(config)
    suite += of_layers
    if not suite:
        return
    # nox and CI stop a run with SIGTERM; the throwaway database must be removed even then.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    unselected = {item: missing for item in suite if (missing := _missing(config, item))}
    config.stash[_UNSELECTED].update(unselected.values())
    declared = [gaps.Gap.parse(written) for written in config.getoption("--gap")]
    gaps.mark(declared, (item for item in items if item not in unselected))
    left_out = {item for item in suite if _is_left_out(config, item) and item not in unselected}
    config.stash[REPORT].left_out.update(item.path.stem for item in left_out)
    config.hook.pytest_deselected(items=[*unselected, *left_out])
    items[:] = [item for item in items if item not in unselected and item not in left_out]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Freeze imported objects: to scan them in each collection takes a twentieth of a run."""
    if any(item.path.is_relative_to(_SUITE) for item in session.items):
        gc.collect()
        gc.freeze()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name what was tested, and why tests were not selected."""
    info = config.stash[REPORT].info
    if info:
        place = " ".join(filter(None, (info["database"], info["server_version"])))
        terminalreporter.write_line(
            f"contract: {info['backend']} ({info['layer']} {info['layer_version']}) on {place}"
        )
    for condition, count in config.stash[_UNSELECTED].items():
        terminalreporter.write_line(
            f"contract: {count} tests not selected, they need {_CONDITIONS[condition]}"
        )
    if left_out := config.stash[REPORT].left_out:
        terminalreporter.write_line(
            f"contract: {left_out.total()} tests left out (--port-only), they are of what the "
            f"service has above the port: {', '.join(sorted(left_out))}"
        )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the report; a worker of pytest-xdist passes its part to the main process."""
    config = session.config
    if hasattr(config, "workeroutput"):
        report, unselected = config.stash[REPORT], config.stash[_UNSELECTED]
        known = {"info": report.info, "unselected": {**unselected}, "left_out": {**report.left_out}}
        config.workeroutput[_REPORTED] = known
        return
    file: Path | None = config.getoption("--contract-report")
    if file is not None:
        config.stash[REPORT].write(file, exit_status=int(exitstatus))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take the facts of a worker; they are the same in every worker."""
    known = getattr(node, "workeroutput", {}).get(_REPORTED)
    if known is not None:
        report = node.config.stash[REPORT]
        report.info.update(known["info"])
        report.left_out = Counter(known["left_out"])
        unselected: Counter[str] = node.config.stash[_UNSELECTED]
        unselected.clear()
        unselected.update(known["unselected"])


def _check_options(config: pytest.Config) -> None:
    backend, base_url = config.getoption("--backend"), config.getoption("--base-url")
    if (backend is None) == (base_url is None):
        raise pytest.UsageError("the contract suite needs --backend NAME or --base-url URL")
    if base_url is None and config.getoption("--peer-url"):
        raise pytest.UsageError("--peer-url goes with --base-url")
    if base_url is not None and config.getoption("--database") is not None:
        raise pytest.UsageError("--database goes with --backend; a service elsewhere has its own")
    if config.getoption("--driver") is not None:
        raise pytest.UsageError("--driver is for the layer suite; a service has BAKEOFF_DRIVER")


def _check_options_for_layers(config: pytest.Config) -> None:
    backend: str | None = config.getoption("--backend")
    if backend is None or not _uses_database(backend):
        raise pytest.UsageError("the layer suite needs --backend NAME, of one that has a database")


def _missing(config: pytest.Config, item: pytest.Item) -> str | None:
    """The condition that the test needs and this cell lacks, if any."""
    needed: list[str] = [marker.args[0] for marker in item.iter_markers("needs")]
    if not needed:
        return None
    database = chosen_database(config)
    here = config.getoption("--backend") is not None
    # Where Redis is required, tests without it are selected, and fail.
    required = "redis" in os.environ.get("BAKEOFF_REQUIRE", "").replace(",", " ").split()
    there = {
        "fault_injection": database is not None,
        "second service": database is not None or bool(config.getoption("--peer-url")),
        "network": database not in (None, SQLITE),
        "file": database == SQLITE,
        "settings": here,
        "redis": here and (required or REDIS_URL in os.environ),
        "redis-server": here and (required or shutil.which("redis-server") is not None),
        "private server": "private server" in needed and _can_start(database),
    }
    return next((condition for condition in needed if not there[condition]), None)


def _is_left_out(config: pytest.Config, item: pytest.Item) -> bool:
    return bool(config.getoption("--port-only")) and (
        item.get_closest_marker("above_the_port") is not None
    )


@cache
def _can_start(database: str | None) -> bool:
    """Whether another server of the same product can be started here."""
    if database is None or database == SQLITE:
        return False
    # Few tests need it, and the drivers for it take a while to import.
    from bakeoff_contract.faults.servers import startable

    return startable(existing(DatabaseUrl.parse(database)).product())


def _uses_database(backend: str) -> bool:
    """Whether the backend keeps its data in a database; an unknown one is reported later."""
    point = installed().get(backend)
    return point is None or bool(point.load().uses_database)


def chosen_database(config: pytest.Config) -> str | None:
    """Where the throwaway database is made, or None without one."""
    chosen: str | None = config.getoption("--database")
    backend: str | None = config.getoption("--backend")
    if chosen is None and backend is not None and _uses_database(backend):
        return SQLITE
    return chosen
