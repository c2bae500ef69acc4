"""How long adapters are: lines of code, without blank lines, comments and docstrings."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Sequence
from pathlib import PurePosixPath

from bakeoff_report.collect.code import ARMS, Module, Sources
from bakeoff_report.model import AdapterLines, Backend, Figure, Origin

TEAM = frozenset({"tables", "authors", "books", "users", "tokens", "orders", "reports", "outbox"})
"""The files that a team would write itself, on top of its layer; the rest is engine."""
_NO_CODE = frozenset(
    {
        *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
        *(tokenize.ENCODING, tokenize.ENDMARKER),
    }
)


def adapter_lines(sources: Sources, backends: Sequence[Backend]) -> list[AdapterLines]:
    """The lines of every adapter whose sources are there."""
    return [found for backend in backends if (found := _of_backend(sources, backend))]


def code_lines(module: Module) -> int:
    """How many lines of a module hold code."""
    docstrings = _docstring_lines(module.tree)
    held: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type not in _NO_CODE:
            held |= {*range(token.start[0], token.end[0] + 1)}
    return len(held - docstrings)


def is_team(path: str, package: str) -> bool:
    """Whether a file of the package is one that a team would write itself."""
    relative = PurePosixPath(path).relative_to(package)
    return len(relative.parts) == 1 and relative.stem in TEAM


def _of_backend(sources: Sources, backend: Backend) -> AdapterLines | None:
    package = f"{backend.path}/src/bakeoff_{backend.name}"
    modules = [sources.module(path) for path in sources.checkout.paths(f"{package}/**/*.py")]
    files = {module.path: code_lines(module) for module in modules if module is not None}
    if not files:
        return None
    team = sum(lines for path, lines in files.items() if is_team(path, package))
    arm = f"{ARMS}/tutorial_{backend.name}.py"
    tutorial = sources.module(arm) if (sources.checkout.root / arm).exists() else None
    return AdapterLines(
        backend=backend.name,
        team=_figure(team, package, "team"),
        engine=_figure(sum(files.values()) - team, package, "engine"),
        taught=_figure(code_lines(tutorial), arm, "taught") if tutorial else None,
        files=files,
    )


def _figure(lines: int, path: str, part: str) -> Figure:
    return Figure(
        value=lines,
        unit="lines of code",
        origin=Origin(file=path, pointer="", rule=f"lines-{part}"),
    )


def _docstring_lines(tree: ast.Module) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                found |= {*range(first.lineno, (first.end_lineno or first.lineno) + 1)}
    return found
