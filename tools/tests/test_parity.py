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
    assert "authors.py: expected class Authors, found Writers" in found
    assert "authors.py: expected no public class but Authors; found Writers" in found


def test_a_method_that_is_called_otherwise_is_named(copy: Backend) -> None:
    edit(source(copy, "books.py"), "async def upsert(", "async def put(")
    found = "\n".join(parity.problems([copy]))
    assert "Books.upsert: expected this method of the port" in found
    assert "Books.put: expected no public method that the port does not have" in found


def test_methods_in_another_order_are_named(copy: Backend) -> None:
    swap(source(copy, "orders.py"), "get", "cancel")
    found = "\n".join(parity.problems([copy]))
    assert "Orders: expected the methods in the order place, get, list, cancel" in found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def get(self, author_id: int)", "def get(self, key: int)"),
        ("def get(self, author_id: int)", "def get(self, *, author_id: int)"),
        ("def get(self, author_id: int)", "def get(self, author_id: int, more: int = 0)"),
    ],
)
def test_other_parameters_are_named(copy: Backend, old: str, new: str) -> None:
    edit(source(copy, "authors.py"), old, new)
    (found,) = parity.problems([copy])
    assert "Authors.get: expected the parameters (author_id), found" in found


def test_a_store_that_lacks_an_aggregate_is_named(copy: Backend) -> None:
    edit(source(copy, "layer.py"), "def reports(self)", "def statistics(self)")
    (found,) = parity.problems([copy])
    assert "Store: expected authors, books, users, orders, reports, in this order" in found


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
