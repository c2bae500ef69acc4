from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff_schemas import migrate

pty = pytest.importorskip("pty", reason="Windows has no terminals of this kind")


def at_a_terminal(*arguments: str, typed: str = "") -> tuple[int, str, str]:
    """Run the command with a terminal for everything but its results."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bakeoff", *arguments],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    os.write(ours, typed.encode())
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
    out, _ = process.communicate(timeout=30)
    return process.returncode, out.decode(), seen.decode()


def test_a_load_shows_a_bar_and_keeps_it_out_of_its_results() -> None:
    lines = [f"Volume {n},Author" for n in range(2500)]
    Path("b.csv").write_text("\n".join(["title,author", *lines]) + "\n", "utf-8")
    code, out, seen = at_a_terminal("load", "b.csv", "--backend", "memory")
    assert code == 0
    assert "━" in seen
    assert "100%" in seen
    assert "2500 read, 2500 loaded" in seen
    assert "━" not in out
    assert "\x1b" not in out


@pytest.mark.parametrize(("typed", "code", "gone"), [("y\n", 0, True), ("n\n", 1, False)])
def test_going_back_asks_first(typed: str, code: int, gone: bool) -> None:
    migrate.upgrade("sqlite:///bookstore.db")
    returned, _, seen = at_a_terminal("migrate", "--down", typed=typed)
    assert returned == code
    assert "deletes data in sqlite:///bookstore.db" in seen
    assert (migrate.current("sqlite:///bookstore.db") is None) == gone
