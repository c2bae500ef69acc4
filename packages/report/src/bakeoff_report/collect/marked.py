"""The code that a mark such as `# workaround(name)` stands in or above."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bakeoff_report.collect.code import Definition, Module, Sources, snippet_of
from bakeoff_report.model import Snippet

LONGEST = 60
"""Lines of code that are shown of one mark; who wants more follows its link."""


def marked(sources: Sources, mark: str) -> Snippet | None:
    """The smallest definition around a mark, `path:line`; None if there is no short one."""
    path, _, line = mark.rpartition(":")
    module = sources.module(path)
    if module is None or not line.isdecimal():
        return None
    around = [
        found
        for node in _definitions(module)
        if (found := snippet_of(module, node, "helper")).first <= int(line) <= found.last
    ]
    smallest = min(around, key=lambda found: found.last - found.first, default=None)
    if smallest is None or smallest.last - smallest.first >= LONGEST:
        return None
    return smallest


def _definitions(module: Module) -> Iterator[Definition | ast.Expr]:
    """Functions and classes at any depth; variables and calls of the module and of its classes."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node
        if isinstance(node, ast.Module | ast.ClassDef):
            yield from (
                one
                for one in node.body
                if isinstance(one, ast.Assign | ast.AnnAssign)
                or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Call))
            )
