"""The suite as a user runs it."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

# Imported once and for all: pytester forgets what was first imported during a run, and a library
# that is imported twice has every class twice.
import bakeoff.app  # noqa: F401
import bakeoff_schemas.migrations.runner  # noqa: F401

# Whoever runs this in the background of a shell has it ignored, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["pytester"]


@dataclass(frozen=True)
class Outcome:
    """How a run of the suite ended."""

    status: int
    output: str
    report: dict[str, Any]


@pytest.fixture
def run_suite(pytester: pytest.Pytester) -> Callable[..., Outcome]:
    """Run the suite, or a part of it, with warnings as errors."""

    def run(*arguments: str) -> Outcome:
        file = pytester.path / "report.json"
        result = pytester.runpytest_inprocess(
            *("-p", "no:cacheprovider", "-q", "--tb=line", "-W", "error"),
            "--hypothesis-seed=1",
            *("--contract-report", str(file), "--pyargs", *arguments),
        )
        output = "\n".join([*result.outlines, *result.errlines])
        return Outcome(int(result.ret), output, json.loads(file.read_text("utf-8")))

    return run
