"""The pytest plugin of the recording: its option, its fixture and its file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bakeoff_contract.plugin import chosen_database
from bakeoff_contract.statements.recorder import OPERATIONS, UNITS, Recorder, recorder
from bakeoff_contract.throwaway import throwaway

_OUTCOME = pytest.StashKey["Outcome"]()


@dataclass(eq=False)  # pytest keeps its plugins in a set
class Outcome:
    """The recording, and the tests that failed."""

    facts: dict[str, Any] = field(default_factory=dict)
    failures: list[dict[str, str]] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = str(crash.message) if crash is not None else report.longreprtext
            self.failures.append({"test": report.nodeid.partition("::")[2], "message": message})


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option; `--backend` and `--database` choose what is recorded."""
    parser.getgroup("bakeoff-contract").addoption(
        "--statements-file",
        metavar="FILE",
        type=Path,
        help="write what each operation sends to the database there, as JSON",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the outcome."""
    config.stash[_OUTCOME] = Outcome()
    config.pluginmanager.register(config.stash[_OUTCOME], "bakeoff-statements-outcome")


@pytest.fixture(scope="session")
def recorded(pytestconfig: pytest.Config) -> Iterator[Recorder]:
    """The recorder, on a throwaway database."""
    backend = pytestconfig.getoption("--backend")
    server = chosen_database(pytestconfig)
    if backend is None or server is None:
        raise pytest.UsageError("statements are recorded of a --backend NAME that has a database")
    driver: str | None = pytestconfig.getoption("--driver")
    with (
        throwaway(server) as database,
        recorder(backend, database.url, driver=driver) as made,
    ):
        yield made
        pytestconfig.stash[_OUTCOME].facts = {
            "backend": backend,
            "database": made.database,
            "complete": {*UNITS, *OPERATIONS} == set(made.recorded),
            "operations": {name: asdict(one) for name, one in sorted(made.recorded.items())},
        }


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the file, unless nothing was recorded."""
    file: Path | None = session.config.getoption("--statements-file")
    outcome = session.config.stash[_OUTCOME]
    if file is not None and outcome.facts:
        file.parent.mkdir(parents=True, exist_ok=True)
        content = outcome.facts | {"failures": outcome.failures}
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
