from __future__ import annotations

import re
from pathlib import Path

import pytest

from bakeoff.settings import Settings

EXAMPLE = Path(__file__).parents[4] / ".env.example"
LINE = re.compile(r"^# (BAKEOFF_[A-Z0-9_]+)=(.*)$", re.MULTILINE)


def documented() -> list[str]:
    return [name for name, _ in LINE.findall(EXAMPLE.read_text("utf-8"))]


def test_every_setting_is_documented_once() -> None:
    assert sorted(documented()) == sorted(
        f"BAKEOFF_{name.upper()}" for name in Settings.model_fields
    )


def test_the_values_are_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(LINE.sub(r"\1=\2", EXAMPLE.read_text("utf-8")), "utf-8")
    assert Settings(_env_file=file) == Settings(_env_file=None)


@pytest.mark.parametrize("name", documented())
def test_every_setting_is_explained_right_above_it(name: str) -> None:
    before = EXAMPLE.read_text("utf-8").partition(f"# {name}=")[0]
    assert before.endswith("\n")
    assert re.fullmatch(r"# [A-Z0-9a-z].+", before.splitlines()[-1])


def test_as_it_is_the_example_sets_nothing(tmp_path: Path) -> None:
    active = [line for line in EXAMPLE.read_text("utf-8").splitlines() if line[:1] not in ("", "#")]
    assert active == []
