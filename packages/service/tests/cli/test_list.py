from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version

from typer.testing import Result

from bakeoff.backends import installed

Bakeoff = Callable[..., Result]


def test_every_installed_backend_is_listed_with_its_version(bakeoff: Bakeoff) -> None:
    listed = json.loads(bakeoff("list", "--json").stdout)
    assert [each["name"] for each in listed] == list(installed())
    for each in listed:
        assert each["version"] == version(each["package"])
        assert each["summary"]


def test_the_chosen_one_is_marked(bakeoff: Bakeoff) -> None:
    lines = bakeoff("list", backend="memory").stdout.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("*  ")] == ["memory"]
    listed = json.loads(bakeoff("list", "--json", "--backend", "memory").stdout)
    assert [each["name"] for each in listed if each["chosen"]] == ["memory"]


def test_a_chosen_one_that_is_not_installed_comes_with_the_way_to_get_it(bakeoff: Bakeoff) -> None:
    result = bakeoff("list", backend="nosuch")
    assert result.exit_code == 0
    assert "not installed: nosuch   pip install bakeoff-nosuch" in result.stdout
