"""The service as a container runs it: its root is read-only, and it starts no shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
import yaml

from bakeoff.backends import installed
from bakeoff_contract.confinement import confine, python_programs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="containers are Linux")

ROOT = Path(__file__).parents[4]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
COMMAND: list[str] = COMPOSE["services"]["bookstore"]["command"]
HEALTHCHECK: list[str] = json.loads(
    re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[0]
)
_LONGEST = 60.0


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The volume of the image."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """What is mounted as /tmp."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


@contextmanager
def confined(
    command: list[str], data: Path, temporary: Path, **settings: str
) -> Iterator[subprocess.Popen[str]]:
    """Start a command of the image; `bakeoff` and `python` are those of these tests."""
    program, *rest = command
    own = [sys.executable, *(["-m", "bakeoff"] if program == "bakeoff" else [])]
    writable = [data, temporary, Path(os.devnull)]
    with subprocess.Popen(
        [*own, *rest],
        cwd=data,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "TMPDIR": str(temporary),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **{f"BAKEOFF_{name.upper()}": value for name, value in settings.items()},
        },
        preexec_fn=partial(confine, writable=writable, programs=python_programs()),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    printed = []
    for line in process.stdout:
        printed.append(line)
        if found := re.search(r"http://\S+:\d+", line):
            return found[0].replace("0.0.0.0", "127.0.0.1")
    raise AssertionError("it does not serve:\n" + "".join(printed))


@pytest.mark.parametrize("backend", [name for name in installed() if name != "memory"] or ["raw"])
def test_the_service_writes_to_its_data_and_temporary_files_and_nowhere_else(
    backend: str, data: Path, temporary: Path
) -> None:
    settings = {
        "backend": backend,
        "database_url": f"sqlite:///{data}/bookstore.db",
        # A process of its own, and temporary files.
        "job_processes": "1",
    }
    command = [*COMMAND, "--port", "0", "--sample"]
    with confined(command, data, temporary, **settings) as process:
        url = address(process)
        with httpx.Client(base_url=url, trust_env=False, timeout=_LONGEST) as client:
            author = client.post("/authors", json={"name": "Ursula K. Le Guin"})
            assert author.status_code == 201
            place = client.post("/reports/catalogue").headers["location"]
            deadline = time.monotonic() + _LONGEST
            while (report := client.get(place)).status_code == 202:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert report.status_code == 200
            assert report.content.startswith(b"PK")
        process.terminate()
        assert process.wait(_LONGEST) == 0
        assert process.stdout is not None
        printed = process.stdout.read()
    assert "Traceback" not in printed
    assert "Permission denied" not in printed
    assert (data / "bookstore.db").exists()
    assert [*temporary.iterdir()] == []


def test_the_health_check_runs_without_a_shell_and_sees_whether_the_service_lives(
    data: Path, temporary: Path
) -> None:
    with confined([*COMMAND, "--port", "0"], data, temporary, backend="raw") as process:
        port = address(process).rpartition(":")[2]
        check = [word.replace("8000", port) for word in HEALTHCHECK]
        with confined(check, data, temporary) as asked:
            assert asked.wait(_LONGEST) == 0
        process.terminate()
        assert process.wait(_LONGEST) == 0
    with confined(check, data, temporary) as asked:
        assert asked.wait(_LONGEST) == 1


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.system('true') == 0 or exit('refused')",
        "import subprocess; subprocess.run(['true'])",
        "open('../outside', 'w')",
        "import os; os.mkdir('../outside')",
        "import os; os.truncate('../there', 0)",
        "import os; os.remove('../there')",
    ],
)
def test_a_confined_process_can_do_nothing_else(
    code: str, data: Path, temporary: Path, tmp_path: Path
) -> None:
    """For otherwise the tests above would prove nothing."""
    (tmp_path / "there").write_text("a text")
    with confined(["python", "-c", code], data, temporary) as process:
        assert process.wait(_LONGEST) == 1
        assert process.stdout is not None
        assert re.search("refused|Permission denied", process.stdout.read())
    assert (tmp_path / "there").read_text() == "a text"
    assert not (tmp_path / "outside").exists()
