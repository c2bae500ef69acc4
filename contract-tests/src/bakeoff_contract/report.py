"""The report of one cell: what was tested, on what, and the outcome."""

from __future__ import annotations

import json
import platform
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass(eq=False)  # pytest keeps its plugins in a set
class Report:
    """Counts the outcomes of tests, and by module the tests that `--port-only` left out."""

    started: float = field(default_factory=time.monotonic)
    info: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    _outcomes: dict[str, str] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of one test; a test that passes and then leaks has failed."""
        if report.failed:
            self._outcomes[report.nodeid] = "failed"
            self.failures.setdefault(report.nodeid, _message(report))
        elif report.skipped:
            self._outcomes[report.nodeid] = "xfailed" if hasattr(report, "wasxfail") else "skipped"
        elif report.when == "call":
            self._outcomes[report.nodeid] = "passed"

    def write(self, file: Path, *, exit_status: int) -> None:
        """Write the file; `info` is empty if the server did not start."""
        counts = Counter(self._outcomes.values())
        passed = exit_status == 0 and counts["passed"] > 0 and not counts["failed"]
        facts: dict[str, Any] = {
            name: self.info.get(name)
            for name in ("backend", "database", "server_version", "layer", "layer_version")
        }
        facts["python"] = platform.python_version()
        for outcome in ("passed", "failed", "xfailed", "skipped"):
            facts[outcome] = counts[outcome]
        facts["left_out"] = dict(sorted(self.left_out.items()))
        facts["seconds"] = round(time.monotonic() - self.started, 2)
        facts["status"] = "passed" if passed else "failed"
        facts["failures"] = [
            {"test": test, "message": message} for test, message in self.failures.items()
        ]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _message(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message) if crash is not None else report.longreprtext
