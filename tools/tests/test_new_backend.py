from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bakeoff_tasks import new_backend, registry
from bakeoff_tasks.registry import ROOT


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """As much of the repository as a new backend is made from and written to."""
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    shutil.copy(ROOT / "backends.toml", tmp_path)
    (tmp_path / "packages").mkdir()
    return tmp_path


def test_a_new_backend_is_a_package_of_its_name_and_registered(tree: Path) -> None:
    assert new_backend.write(["ferret"], root=tree) == "ferret"
    package = tree / "packages/ferret"
    assert (package / "src/bakeoff_ferret/layer.py").exists()
    assert 'ferret = "bakeoff_ferret.layer:Layer"' in (package / "pyproject.toml").read_text(
        "utf-8"
    )
    registered = registry.backends(tree / "backends.toml")
    assert [backend.name for backend in registered].count("ferret") == 1
    assert registered[-1].package == "bakeoff-ferret"


def test_nothing_of_the_template_is_left_in_a_new_backend(tree: Path) -> None:
    new_backend.write(["ferret"], root=tree)
    for path in (tree / "packages").rglob("*"):
        assert new_backend.PLACEHOLDER not in path.name
        if path.is_file():
            assert new_backend.PLACEHOLDER not in path.read_text("utf-8")


@pytest.mark.parametrize(
    "arguments", [[], ["a", "b"], ["Ferret"], ["../x"], ["import"], ["newlayer"], ["2fast"], [""]]
)
def test_what_cannot_be_a_package_is_refused_and_nothing_is_written(
    tree: Path, arguments: list[str]
) -> None:
    before = sorted(tree.rglob("*"))
    with pytest.raises(ValueError, match=r"name of (the new backend|a package)"):
        new_backend.write(arguments, root=tree)
    assert sorted(tree.rglob("*")) == before


@pytest.mark.parametrize("name", ["raw", "memory"])
def test_a_backend_that_is_there_is_not_overwritten(tree: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"there is a backend '{name}' already"):
        new_backend.write([name], root=tree)
