"""The dialect stands on its own: its folder can be copied into any project."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import bakeoff_gino.aiosqlite_dialect as dialect

PROGRAM = """
import asyncio, sys
import gino
from sqlalchemy.dialects import registry

registry.register("sqlite.aiosqlite", "elsewhere", "AiosqliteDialect")

async def main():
    db = gino.Gino()
    async with db.with_bind("sqlite+aiosqlite://") as engine:
        assert type(engine.dialect).__module__ == "elsewhere.dialect"
        print(await db.scalar("SELECT 42"))

asyncio.run(main())
assert not any(name.startswith("bakeoff") for name in sys.modules)
"""


def test_it_works_under_another_name_without_the_rest_of_this_project(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(Path(dialect.__file__).parent, copy, ignore=shutil.ignore_patterns("*.pyc"))
    for module in copy.glob("*.py"):
        module.write_text(module.read_text().replace(dialect.__name__, "elsewhere"))
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.stdout, answer.stderr) == ("42\n", "")
