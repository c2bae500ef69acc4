"""A server that runs somewhere is certified by its address alone, as the documentation says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of `bakeoff serve`, a process of its own."""
    settings = {
        "BAKEOFF_BACKEND": "memory",
        "BAKEOFF_ARGON2_TIME_COST": "1",
        "BAKEOFF_ARGON2_MEMORY_KIB": "32",
        "BAKEOFF_LOG_LEVEL": "error",
    }
    with (
        subprocess.Popen(
            [sys.executable, "-m", "bakeoff", "serve", "--port", "0"],
            cwd=tmp_path,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()


def test_a_server_is_certified_by_its_address(served: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--pyargs", "bakeoff_contract", "-q"),
            *("--base-url", served, "--contract-report", str(report)),
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.returncode == 0, run.stdout
    outcome = json.loads(report.read_text("utf-8"))
    assert (outcome["backend"], outcome["database"]) == ("memory", "memory")
    assert (outcome["failed"], outcome["skipped"], outcome["status"]) == (0, 0, "passed")
    assert outcome["passed"] > 400
