"""The pytest plugin: options, selection, gaps and the report. Without the suite it does nothing."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest

from bakeoff_contract import gaps
from bakeoff_contract.report import Report
from bakeoff_contract.service import REFERENCE
from bakeoff_contract.throwaway import SQLITE

REPORT = pytest.StashKey[Report]()
_UNSELECTED = pytest.StashKey[Counter[str]]()
_SUITE = Path(__file__).parent / "suite"
_CONDITIONS = {
    "lab": "a backend in this process and a database (--backend and --database)",
    "network": "a database on a network",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say what to test, and where."""
    group = parser.getgroup("bakeoff-contract", "the bookstore contract")
    group.addoption("--backend", metavar="NAME", help="test this installed backend")
    group.addoption(
        "--database",
        metavar="URL",
        help="a server on which a throwaway database is made, such as "
        "postgresql://user@host:5432/; without it, in a throwaway file of SQLite",
    )
    group.addoption("--base-url", metavar="URL", help="test the service that runs there instead")
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
        "--contract-report", metavar="FILE", type=Path, help="write the outcome there, as JSON"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Know the marker, and count what happens."""
    config.addinivalue_line(
        "markers", "needs(condition): selected only where there is a `lab` or a `network`"
    )
    config.stash[REPORT] = Report()
    config.stash[_UNSELECTED] = Counter()
    config.pluginmanager.register(config.stash[REPORT], "bakeoff-contract-report")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Select what this cell can show, and mark what it is declared not to do."""
    suite = [item for item in items if item.path.is_relative_to(_SUITE)]
    if not suite:
        return
    _check_options(config)
    # nox and CI end what takes too long with SIGTERM; the throwaway database must go even then.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    unselected = {item: missing for item in suite if (missing := _missing(config, item))}
    config.stash[_UNSELECTED].update(unselected.values())
    config.hook.pytest_deselected(items=list(unselected))
    items[:] = [item for item in items if item not in unselected]
    gaps.mark([gaps.Gap.parse(written) for written in config.getoption("--gap")], items)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was tested, and what could not be selected and why."""
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


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the report, whatever happened."""
    file: Path | None = session.config.getoption("--contract-report")
    if file is not None:
        session.config.stash[REPORT].write(file, exit_status=int(exitstatus))


def _check_options(config: pytest.Config) -> None:
    backend, base_url = config.getoption("--backend"), config.getoption("--base-url")
    if (backend is None) == (base_url is None):
        raise pytest.UsageError("the contract suite needs --backend NAME or --base-url URL")
    if base_url is not None and config.getoption("--database") is not None:
        raise pytest.UsageError("--database goes with --backend; a service elsewhere has its own")


def _missing(config: pytest.Config, item: pytest.Item) -> str | None:
    """The condition that the test needs and this cell does not have, if any."""
    marker = item.get_closest_marker("needs")
    if marker is None:
        return None
    condition: str = marker.args[0]
    database = chosen_database(config)
    there = database is not None and (condition == "lab" or database != SQLITE)
    return None if there else condition


def chosen_database(config: pytest.Config) -> str | None:
    """Where the throwaway database is made; the reference needs none, a base URL has its own."""
    chosen: str | None = config.getoption("--database")
    if chosen is None and config.getoption("--backend") not in (None, REFERENCE):
        return SQLITE
    return chosen
