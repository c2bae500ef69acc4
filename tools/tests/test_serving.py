"""Every way to name the backend chooses the same environment, and the same service in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff_tasks import serving
from bakeoff_tasks.registry import ROOT


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("BAKEOFF_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    "arguments", [["-b", "raw"], ["-braw"], ["--backend", "raw"], ["--backend=raw"]]
)
def test_every_way_to_write_the_option_names_the_backend(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_BACKEND", "gino")
    backend, options, _ = serving.command(["--port", "0", *arguments, "-v"], tmp_path)
    assert backend.name == "raw"
    assert options == ["serve", "--sample", "--backend", "raw", "--port", "0", "-v"]


@pytest.mark.parametrize(
    ("env_file", "environ", "name"),
    [
        ("", None, "sqlalchemy"),
        ("BAKEOFF_BACKEND=raw\n", None, "raw"),
        ("export bakeoff_backend='raw' # the fastest\n", None, "raw"),
        ("BAKEOFF_BACKEND=raw\n", "tortoise", "tortoise"),
        ("BAKEOFF_BACKEND=raw\n", "", "raw"),
        ("BAKEOFF_BACKEND=\n", "", "sqlalchemy"),
    ],
)
def test_settings_name_it_as_the_service_reads_them(
    env_file: str,
    environ: str | None,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / ".env").write_text(env_file, "utf-8")
    if environ is not None:
        monkeypatch.setenv("BAKEOFF_BACKEND", environ)
    backend, options, _ = serving.command([], tmp_path)
    assert backend.name == name
    assert options == ["serve", "--sample", "--backend", name]


def test_the_log_is_for_people_unless_a_setting_says_otherwise(tmp_path: Path) -> None:
    assert serving.command([], tmp_path)[2] == {"BAKEOFF_LOG_FORMAT": "text"}
    (tmp_path / ".env").write_text("BAKEOFF_LOG_FORMAT=json\n", "utf-8")
    assert serving.command([], tmp_path)[2] == {"BAKEOFF_LOG_FORMAT": "json"}


@pytest.mark.parametrize("arguments", [["-b", "oracle"], ["--backend=oracle"], ["--backend"]])
def test_a_backend_that_does_not_exist_is_refused(arguments: list[str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no backend 'oracle'|expected one argument"):
        serving.command(arguments, tmp_path)


def test_run_py_starts_nox_in_the_folder_in_which_it_is_typed(tmp_path: Path) -> None:
    """A stand-in for the Python of .venv prints where it was started, and with what."""
    root, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / "requirements").mkdir(parents=True)
    (root / "requirements/nox.txt").touch()
    shutil.copy(ROOT / "run.py", root)
    python = root / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$PWD" "$@"\n', "utf-8")
    python.chmod(0o755)
    of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (root / ".venv/bakeoff-stamp").write_text(of_nothing, "utf-8")
    typed = [sys.executable, str(root / "run.py"), "serve", "--database", "sqlite:///x.db"]
    done = subprocess.run(typed, cwd=elsewhere, text=True, capture_output=True, check=True)
    assert done.stdout.split() == [
        *(str(elsewhere), "-P", "-m", "nox", "--noxfile", str(root / "noxfile.py")),
        *("--session", "serve", "--", "--database", "sqlite:///x.db"),
    ]
