from __future__ import annotations

import re
from pathlib import Path

import pytest

from bakeoff.cli.main import app as bakeoff
from bakeoff.settings import Settings
from bakeoff_bench.cli.main import app as bakeoff_bench
from bakeoff_report.cli import app as bakeoff_report
from bakeoff_schemas import ports
from bakeoff_tasks import site_reference


def test_every_setting_has_a_row_with_its_default_and_its_meaning() -> None:
    rows = dict(
        re.findall(r"^\| `(BAKEOFF_\w+)` \| (.+) \|$", site_reference.settings(), re.MULTILINE)
    )
    assert list(rows) == [f"BAKEOFF_{name.upper()}" for name in Settings.model_fields]
    assert rows["BAKEOFF_POOL_MAX"] == "`10` | The most connections."
    assert rows["BAKEOFF_ECHO"].startswith("`false` | ")
    assert rows["BAKEOFF_TLS_CA"].startswith("none | ")
    assert rows["BAKEOFF_DATABASE_URL"].startswith("`sqlite:///bookstore.db` | ")


APPS = [bakeoff, bakeoff_bench, bakeoff_report]


@pytest.mark.parametrize("app", APPS, ids=lambda app: str(app.info.name))
def test_the_help_of_each_part_of_a_command_is_there(app: object) -> None:
    page = site_reference.command(app)  # type: ignore[arg-type]
    name = str(app.info.name)  # type: ignore[attr-defined]
    parts = site_reference.parts(app)  # type: ignore[arg-type]
    headings = [name, *(f"{name} {' '.join(part)}" for part in parts)]
    assert re.findall("^## (.+)$", page, re.MULTILINE) == headings
    assert page.count("Usage: ") == len(headings)
    assert "\x1b" not in page
    assert max(map(len, page.splitlines())) <= 88


def test_the_commands_of_a_group_are_there() -> None:
    assert ("user", "create") in site_reference.parts(bakeoff)


def test_the_help_does_not_depend_on_the_settings_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site_reference.main(str(tmp_path / "a"))
    monkeypatch.setenv("BAKEOFF_BENCH_DATABASES", "postgresql://me:secret@host/")
    site_reference.main(str(tmp_path / "b"))
    for name in site_reference.PAGES:
        assert (tmp_path / "a" / name).read_text() == (tmp_path / "b" / name).read_text()


def test_every_class_and_method_of_the_port_is_there() -> None:
    page = site_reference.port()
    for protocol in (ports.Authors, ports.Books, ports.Orders, ports.Store, ports.DataLayer):
        assert f"## {protocol.__name__}\n\n{(protocol.__doc__ or '').splitlines()[0]}" in page
        for name, member in vars(protocol).items():
            if callable(member) and name in vars(protocol) and not name.startswith("_"):
                assert f"### {protocol.__name__}.{name}\n" in page


def test_what_a_method_raises_is_a_list() -> None:
    page = site_reference.port()
    assert (
        "### Authors.get\n\n```python\nasync def get(self, author_id: int) -> Author\n```\n\n"
        "One author.\n\n- raises `NotFound`: there is none with this id.\n" in page
    )
    assert ":raises" not in page
