from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

Start = Callable[..., AbstractContextManager[subprocess.Popen[str]]]

LAYER = """
class Layer:
    uses_database = False

    def __init__(self, config):
        raise RuntimeError("cannot reach postgresql://ged:hunter2@host/name")
"""


@pytest.fixture(autouse=True)
def broken_backends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two packages on the path: one lacks a module, the other has a bug."""
    site = tmp_path / "site"
    metadata = site / "bakeoff_broken-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: bakeoff-broken\nVersion: 1.0\n"
    )
    (metadata / "entry_points.txt").write_text(
        "[bakeoff.backends]\nbroken = nowhere_to_be_found:Layer\nbuggy = buggy_backend:Layer\n"
    )
    (site / "buggy_backend.py").write_text(LAYER)
    monkeypatch.setenv("PYTHONPATH", str(site))


def run(start: Start, *arguments: str, **settings: str) -> tuple[int, str, str]:
    with start(*arguments, **settings) as process:
        out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def test_a_backend_that_cannot_be_loaded_is_listed_and_named(start: Start) -> None:
    assert "broken" in run(start, "list")[1]
    code, out, err = run(start, "info", "--backend", "broken")
    assert (code, out) == (1, "")
    assert "the backend broken is installed, but cannot be loaded" in err
    assert "nowhere_to_be_found" in err
    assert "Traceback" not in err


def test_a_fault_that_nobody_foresaw_is_a_message_without_secrets(start: Start) -> None:
    code, out, err = run(start, "info", "--backend", "buggy")
    assert (code, out) == (1, "")
    assert "unexpected RuntimeError: cannot reach postgresql://ged:***@host/name" in err
    assert "BAKEOFF_LOG_LEVEL=debug" in err
    assert "Traceback" not in err


def test_those_who_look_for_the_fault_get_the_traceback_without_secrets(start: Start) -> None:
    code, _, err = run(start, "info", "--backend", "buggy", log_level="debug")
    assert code == 1
    assert "Traceback" in err
    assert "RuntimeError: cannot reach postgresql://ged:***@host/name" in err
    assert "hunter2" not in err
