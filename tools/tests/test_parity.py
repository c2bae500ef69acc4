"""Each way of not being as the port says is found, in a copy of a backend that is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff_tasks import parity, registry
from bakeoff_tasks.registry import Backend

Edit = Callable[[Path], None]


@pytest.fixture(autouse=True)
def new_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names in the copied backend are not what is tested here."""
    monkeypatch.setattr(parity, "FORMER_NAMES", {"former", "Former"})


@pytest.fixture
def copy(tmp_path: Path) -> Backend:
    """A copy of a backend that has nothing wrong with it."""
    original = next(backend for backend in registry.backends() if backend.name == "raw")
    shutil.copytree(original.path, tmp_path / "raw", ignore=shutil.ignore_patterns("__pycache__"))
    return replace(original, path=tmp_path / "raw")


def source(backend: Backend, file: str) -> Path:
    return backend.path / "src" / "bakeoff_raw" / file


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def swap(path: Path, first: str, second: str) -> None:
    """Put a method where another is, and the other way round."""
    text = path.read_text(encoding="utf-8")
    text = text.replace(f"def {first}(", "def SWAPPED(").replace(f"def {second}(", f"def {first}(")
    path.write_text(text.replace("def SWAPPED(", f"def {second}("), encoding="utf-8")


def test_a_backend_that_is_as_the_port_says_has_no_problems(copy: Backend) -> None:
    assert parity.problems([copy]) == []


def test_a_file_that_is_missing_or_too_many_is_named(copy: Backend) -> None:
    source(copy, "users.py").rename(source(copy, "customers.py"))
    first, second = parity.problems([copy])
    assert "bakeoff_raw/users.py: expected this file" in first
    assert "bakeoff_raw/customers.py: expected nothing but" in second


def test_a_class_that_is_called_otherwise_is_named(copy: Backend) -> None:
    edit(source(copy, "authors.py"), "class Authors:", "class Writers:")
    found = "\n".join(parity.problems([copy]))
    assert "authors.py: expected the public classes Authors, in this order; found Writers" in found


def test_a_method_that_is_called_otherwise_is_named(copy: Backend) -> None:
    edit(source(copy, "books.py"), "async def upsert(", "async def put(")
    (found,) = parity.problems([copy])
    expected, there = found.split("; found ")
    assert "Books: expected the public methods" in expected
    assert expected.split().index("upsert,") > 0
    assert "put, " in there


def test_methods_in_another_order_are_named(copy: Backend) -> None:
    swap(source(copy, "orders.py"), "get", "cancel")
    found = "\n".join(parity.problems([copy]))
    assert "Orders: expected the public methods place, get, list, cancel, in this order" in found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def get(self, author_id: int)", "def get(self, key: int)"),
        ("def get(self, author_id: int)", "def get(self, author_id: int, more: int = 0)"),
    ],
)
def test_other_parameters_are_named(copy: Backend, old: str, new: str) -> None:
    edit(source(copy, "authors.py"), old, new)
    (found,) = parity.problems([copy])
    assert "Authors.get: expected the parameters self, author_id, in this order" in found


def test_a_store_that_lacks_an_aggregate_is_named(copy: Backend) -> None:
    edit(source(copy, "layer.py"), "def reports(self)", "def statistics(self)")
    (found,) = parity.problems([copy])
    expected = "authors, books, users, tokens, orders, reports, outbox"
    assert f"Store: expected the public methods {expected}" in found


def test_a_private_method_before_the_port_is_over_is_named(copy: Backend) -> None:
    edit(
        source(copy, "reports.py"),
        "    async def prices_by_tag(",
        "    def _early(self) -> None: ...\n\n    async def prices_by_tag(",
    )
    (found,) = parity.problems([copy])
    assert "Reports._early: expected private methods after those of the port" in found


def test_another_heading_is_named(copy: Backend) -> None:
    edit(copy.path / "README.md", "## What surprised us", "## Surprises")
    (found,) = parity.problems([copy])
    assert "README.md: expected the headings How it is wired, What surprised us" in found


@pytest.mark.parametrize("name", ["workarounds.toml", "README.md"])
def test_a_missing_part_of_the_package_is_named(copy: Backend, name: str) -> None:
    (copy.path / name).unlink()
    (found,) = parity.problems([copy])
    assert f"{name}: expected" in found


def test_missing_tests_are_named(copy: Backend) -> None:
    shutil.rmtree(copy.path / "tests")
    (found,) = parity.problems([copy])
    assert "tests: expected tests" in found


@pytest.mark.parametrize(
    "definition",
    ["def former(self): ...", "async def _former(self): ...", "class Former(Exception): ..."],
)
def test_a_former_name_of_a_verb_is_named_with_its_line(copy: Backend, definition: str) -> None:
    path = source(copy, "drivers/planted.py")
    path.write_text(f"class Planted:\n    {definition}\n", "utf-8")
    (found,) = parity.problems([copy])
    assert "drivers/planted.py:2: " in found
    assert "the verbs of a connection are reset, discard, close, kill_remote" in found


def test_a_call_of_a_library_that_uses_a_former_name_is_not_a_definition(copy: Backend) -> None:
    source(copy, "drivers/planted.py").write_text("def f(raw): raw.former()\n", "utf-8")
    assert parity.problems([copy]) == []


def test_the_module_for_mypy_holds_every_class_of_a_backend_against_its_protocol() -> None:
    (raw,) = (backend for backend in registry.backends() if backend.name == "raw")
    text = parity.conformance([raw])
    compile(text, "conformance.py", "exec")
    for stem, classes in parity.FILES.items():
        for name, protocol in classes.items():
            assert f": type[ports.{protocol}] = bakeoff_raw.{stem}.{name}\n" in text
