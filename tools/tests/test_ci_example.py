"""The workflow that others copy: it must be one, and its commands must be ours."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bakeoff_tasks import checks, environments, site_build
from bakeoff_tasks.registry import ROOT

EXAMPLE = ROOT / "docs/ci/bakeoff.yml"
CONTENT: dict[Any, Any] = yaml.safe_load(EXAMPLE.read_text("utf-8"))
STEPS: list[dict[str, Any]] = CONTENT["jobs"]["certify"]["steps"]
COMMANDS = [step["run"] for step in STEPS if "run" in step]


def test_it_runs_with_every_change_and_may_only_read() -> None:
    # YAML 1.1 takes `on` for true.
    assert set(CONTENT[True]) == {"push", "pull_request"}
    assert CONTENT["permissions"] == {"contents": "read"}
    assert "secrets." not in EXAMPLE.read_text("utf-8")


def test_its_actions_are_those_that_our_own_workflows_use() -> None:
    ours = "\n".join(path.read_text("utf-8") for path in ROOT.glob(".github/workflows/*.yml"))
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    for action in used:
        assert f"uses: {action}\n" in ours


def test_our_site_is_published_only_where_the_repository_wants_it() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/docs.yml").read_text("utf-8"))
    job = workflow["jobs"]["publish"]
    assert job["if"] == "vars.PUBLISH_DOCS == 'true'"
    assert [step["run"] for step in job["steps"] if "run" in step] == ["python run.py docs"]
    (uploaded,) = [step["with"]["path"] for step in job["steps"] if "path" in step.get("with", {})]
    assert ROOT / uploaded == site_build.SITE


def test_what_is_to_be_changed_is_marked() -> None:
    marked = re.findall(r"# CHANGE: .+\n(.+)\n", EXAMPLE.read_text("utf-8"))
    assert [line.split()[0] for line in marked] == ["BASE_URL:", "-", "-"]


def test_the_page_has_the_same_commands() -> None:
    page = (ROOT / "docs/run-in-your-ci.md").read_text("utf-8")
    for command in COMMANDS:
        typed = command.replace('"', "").replace("$BASE_URL", "http://127.0.0.1:8000")
        assert f"$ {typed.replace('python ', 'python3.11 ')}\n" in page


def test_its_last_command_certifies_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, script, session, *arguments = shlex.split(COMMANDS[-1])
    assert (program, script, session) == ("python", "bakeoff/run.py", "certify")
    monkeypatch.setattr(environments, "for_contract", lambda backend: Path(sys.executable))
    monkeypatch.setattr(checks, "CERTIFICATE", tmp_path / "certificate.json")
    serve = [sys.executable, "-m", "bakeoff", "serve", "--backend", "memory", "--port", "0"]
    with subprocess.Popen(serve, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().split()[-1]
        certify = checks.certification([one.replace("$BASE_URL", address) for one in arguments])
        run = subprocess.run([*certify, "-k", "test_isbn"], capture_output=True, text=True)
        server.terminate()
    assert run.returncode == 0, run.stdout
    assert '"status": "passed"' in (tmp_path / "certificate.json").read_text("utf-8")


def test_a_server_without_an_address_is_asked_for_it() -> None:
    with pytest.raises(ValueError, match="name the server"):
        checks.certification(["-k", "isbn"])
