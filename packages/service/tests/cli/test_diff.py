from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

pty = pytest.importorskip("pty", reason="Windows has no terminals of this kind")

Bakeoff = Callable[..., Result]

LEFT = '''"""Left."""

import this_is_nowhere

LIMIT = 1


class Books:
    """Left books."""

    async def create(self) -> None:
        return "left create"

    # Above it.
    @property
    def get(self) -> None:
        return "left get"


def _helper() -> None:
    """Only on the left."""
'''
RIGHT = '''"""Right."""


class Books:
    def _earlier(self) -> None:
        """Only on the right."""

    async def create(self) -> None:
        a = 1
        b = 2
        c = 3
        return "right create"

    def get(self) -> None:
        return "right get"
'''


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder of packages that nobody has installed, and that could not be imported."""
    for name, text in {"left": LEFT, "right": RIGHT}.items():
        package = tmp_path / "packages" / name / "src" / f"bakeoff_{name}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
        (package / "books.py").write_text(text)
    return tmp_path / "packages"


def rows(text: str) -> list[tuple[str, str]]:
    halves = [line.partition("│") for line in text.splitlines()]
    return [(left.strip(), right.strip()) for left, _, right in halves]


@pytest.mark.usefixtures("checkout")
def test_each_method_begins_beside_the_other_of_its_name(bakeoff: Bakeoff) -> None:
    result = bakeoff("diff", "left", "right", "books.py")
    assert result.exit_code == 0, result.stderr
    shown = rows(result.stdout)
    assert shown[0] == ("left", "right")
    assert ('"""Left."""', '"""Right."""') in shown
    assert ("class Books:", "class Books:") in shown
    assert ("async def create(self) -> None:", "async def create(self) -> None:") in shown
    # What is above a method belongs to it.
    assert ("# Above it.", "def get(self) -> None:") in shown
    assert ("def _helper() -> None:", "") in shown
    assert ("", "def _earlier(self) -> None:") in shown


def test_nothing_of_either_file_is_left_out(bakeoff: Bakeoff, checkout: Path) -> None:
    shown = rows(bakeoff("diff", "left", "right", "books", "--packages", str(checkout)).stdout)
    for side, text in enumerate((LEFT, RIGHT)):
        written = [line.strip() for line in text.splitlines() if line.strip()]
        assert [row[side] for row in shown[1:] if row[side]] == written


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize("only", ["get", "Books.get"])
def test_one_method_can_be_asked_for(bakeoff: Bakeoff, only: str) -> None:
    shown = bakeoff("diff", "left", "right", "books", "--only", only).stdout
    assert "left get" in shown
    assert "create" not in shown


@pytest.mark.usefixtures("checkout")
def test_a_method_that_neither_has_is_refused_with_those_there_are(bakeoff: Bakeoff) -> None:
    result = bakeoff("diff", "left", "right", "books", "--only", "nosuch")
    assert result.exit_code == 1
    assert "There is no nosuch" in result.stderr
    assert "Books.create, Books.get, _helper" in result.stderr
    assert "…" not in result.stderr


def test_installed_backends_are_found_without_a_checkout(bakeoff: Bakeoff) -> None:
    result = bakeoff("diff", "memory", "raw", "books.py", "--only", "create_bulk")
    assert result.exit_code == 0, result.stderr
    assert ("async def create_bulk(", "async def create_bulk(") in [
        (left.partition("(")[0] + "(", right.partition("(")[0] + "(")
        for left, right in rows(result.stdout)
    ]


@pytest.mark.usefixtures("checkout")
def test_an_unknown_backend_is_refused_with_those_there_are(bakeoff: Bakeoff) -> None:
    result = bakeoff("diff", "left", "nosuch", "books.py")
    assert result.exit_code == 1
    assert "There is no backend 'nosuch' here" in result.stderr
    assert "left" in result.stderr
    assert "pip install bakeoff-nosuch" in result.stderr


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize("file", ["nosuch.py", "../books.py", "/etc/passwd"])
def test_an_unknown_file_is_refused_with_those_there_are(bakeoff: Bakeoff, file: str) -> None:
    result = bakeoff("diff", "left", "right", file)
    assert result.exit_code == 1
    assert "There are: books.py" in result.stderr


def test_a_folder_that_is_not_there_is_refused(bakeoff: Bakeoff) -> None:
    result = bakeoff("diff", "left", "right", "books", "--packages", "nosuch")
    assert result.exit_code == 1
    assert "nosuch (--packages)" in result.stderr


def test_a_file_that_is_no_python_is_refused(bakeoff: Bakeoff, checkout: Path) -> None:
    path = checkout / "left" / "src" / "bakeoff_left" / "books.py"
    path.write_text("def broken(:\n")
    result = bakeoff("diff", "left", "right", "books.py")
    assert result.exit_code == 1
    assert "books.py cannot be read: line 1" in result.stderr


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize("columns", [60, 160])
def test_a_terminal_gets_colours_and_two_columns_that_fit(columns: int) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bakeoff", "diff", "left", "right", "books.py"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns)}
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:  # the way Linux says that the other side is closed
                break
            if not chunk:
                break
            seen += chunk
    os.close(ours)
    assert process.returncode == 0, seen
    text = seen.decode()
    assert "\x1b[" in text
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.split("\r\n")]
    assert max(map(len, lines)) <= columns
    # However narrow it is, both begin on one line.
    assert [line for line in lines if line.count("async def") == 2]
