from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from bakeoff_report.collect.code import PORTS, Cutter, Module, Sources, port_operations
from bakeoff_report.inputs import Checkout
from bakeoff_report.model import CodeSample, Report

ROOT = Path(__file__).parents[3]
SOURCE = '''\
"""Books."""

from bakeoff_elm.sql import books as sql
from bakeoff_elm.tables import MODEL

# What a book is read by.
_GET = "select"
_UNUSED = 1
row = 2


class Books:
    async def get(self, book_id: int) -> str:
        row = self._read(book_id)
        return row + sql.GET + MODEL

    def other(self) -> None: ...

    def _read(self, book_id: int) -> str:
        return _clean(_GET)


def _clean(text: str) -> str:
    return text
'''


def test_every_operation_of_every_backend_is_found(whole: Report) -> None:
    protocols = {"Authors", "Books", "Users", "Tokens", "Orders", "Reports", "DataLayer"}
    text = (ROOT / PORTS).read_text("utf-8")
    expected = {
        f"{owner.name}.{method.name}"
        for owner in ast.parse(text).body
        if isinstance(owner, ast.ClassDef) and owner.name in protocols
        for method in owner.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
        and not method.name.startswith("_")
    }
    assert len(expected) > 30
    for backend in whole.backends:
        found = {
            sample.operation
            for sample in whole.code
            if (sample.backend, sample.style) == (backend.name, "adapter")
        }
        assert found == expected, backend.name


def test_every_tutorial_arm_has_its_four_scenarios(whole: Report) -> None:
    taught = {(one.backend, one.operation) for one in whole.code if one.style == "taught"}
    scenarios = {"point-read", "page-first", "create", "bulk-insert"}
    backends = {backend for backend, _ in taught}
    assert {"sqlalchemy", "tortoise", "gino", "databases"} <= backends
    assert taught == {(backend, one) for backend in backends for one in scenarios}


def test_every_snippet_is_what_the_file_has_on_these_lines(whole: Report) -> None:
    root = ROOT
    files: dict[str, list[str]] = {}
    for sample in whole.code:
        for snippet in sample.snippets:
            if snippet.file not in files:
                files[snippet.file] = (root / snippet.file).read_text("utf-8").splitlines()
            lines = files[snippet.file][snippet.first - 1 : snippet.last]
            assert [one.strip() for one in lines] == [
                one.strip() for one in snippet.text.split("\n")
            ]
            ast.parse(snippet.text)


@pytest.fixture
def sample(tree: Any) -> CodeSample:
    tree.write("packages/elm/src/bakeoff_elm/books.py", SOURCE)
    tree.write("packages/elm/src/bakeoff_elm/sql/books.py", '_COLUMNS = "a"\nGET = _COLUMNS\n')
    tree.write("packages/elm/src/bakeoff_elm/tables.py", 'MODEL = "b"\n')
    tree.write(PORTS, "class Books:\n    async def get(self, book_id): ...\n")
    (found,) = tree.report().code
    return found


def test_an_operation_brings_what_it_uses_and_no_more(sample: CodeSample) -> None:
    assert (sample.backend, sample.operation, sample.scenario) == ("elm", "Books.get", "point-read")
    named = [(one.name, one.role) for one in sample.snippets]
    # `row` is its own variable, and the tables are a file of their own.
    assert named == [
        ("get", "operation"),
        ("_GET", "constant"),
        ("_read", "helper"),
        ("_clean", "helper"),
        ("_COLUMNS", "constant"),
        ("GET", "constant"),
    ]


def test_the_comment_above_comes_along(sample: CodeSample) -> None:
    assert sample.snippets[1].text.startswith("# What a book is read by.\n_GET")


def test_a_file_that_is_no_python_is_named(tree: Any) -> None:
    tree.write(PORTS, "class Books:\n    async def get(self, book_id): ...\n")
    tree.write("packages/elm/src/bakeoff_elm/books.py", "class Books(:")
    report = tree.report()
    (source,) = [one for one in report.sources if one.path.endswith("bakeoff_elm/books.py")]
    assert (source.state, report.code) == ("unreadable", [])
    assert (source.problem or "").startswith("It is no Python")


def test_an_operation_that_is_not_there_has_no_sample(tree: Any) -> None:
    sources = Sources(Checkout(tree.root))
    module = Module(path="books.py", text=SOURCE, tree=ast.parse(SOURCE))
    assert Cutter(sources, "packages/elm/src/bakeoff_elm").cut(module, "Books", "gone") == []
    assert port_operations(sources) == {}


def test_lines_are_of_code_alone(tree: Any) -> None:
    tree.write("packages/elm/src/bakeoff_elm/books.py", SOURCE)
    tree.write(
        "packages/elm/src/bakeoff_elm/engine/pages.py",
        '"""Pages,\n\nin two lines."""\n\n# Why.\nX = """\na\n"""\n',
    )
    (lines,) = tree.report().lines
    assert (lines.backend, lines.team.value, lines.engine.value) == ("elm", 14, 3)
