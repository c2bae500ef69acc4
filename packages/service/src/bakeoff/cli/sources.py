"""The sources of a backend, found and cut into parts without importing anything of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bakeoff import backends
from bakeoff.cli.console import Failure, reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A class without its methods, a method, a function, or what stands between them.

    What stands between has the name of what is above it, with an ellipsis; the head has none.
    """

    name: str
    text: str


def package_of(backend: str, *, packages: Path | None) -> Path:
    """The folder with the modules of a backend: of a checkout if one is given, else as installed.

    :raises Failure: it is in neither.
    """
    checked_out = {path.parent.parent.name: path for path in _checked_out(packages)}
    if backend in checked_out:
        return checked_out[backend]
    installed = backends.installed()
    if backend in installed:
        # Of a package that is no part of another, nothing is imported to find it.
        spec = find_spec(installed[backend].module.partition(".")[0])
        if spec is not None and spec.submodule_search_locations:
            return Path(spec.submodule_search_locations[0])
    there = ", ".join(sorted({*checked_out, *installed})) or "none"
    raise Failure(
        f"There is no backend {backend!r} here. There are: {there}. "
        f"To install it: pip install bakeoff-{backend}; to read it from a checkout: --packages"
    )


def read(package: Path, file: str) -> list[Section]:
    """The parts of one of its files, in their order.

    :raises Failure: there is no such file, or it cannot be read.
    """
    wanted = file if file.endswith(".py") else f"{file}.py"
    names = sorted(path.relative_to(package).as_posix() for path in package.rglob("*.py"))
    if wanted not in names:
        listed = ", ".join(name for name in names if not name.endswith("__init__.py"))
        raise Failure(f"There is no {wanted} in {package.name}. There are: {listed}")
    try:
        text = (package / wanted).read_text(encoding="utf-8")
        return list(_sections(text))
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        why = f"line {error.lineno}" if isinstance(error, SyntaxError) else reason(error)
        raise Failure(f"{package / wanted} cannot be read: {why}") from error


def _checked_out(packages: Path | None) -> Iterator[Path]:
    if packages is not None:
        for folder in packages.glob("*/src/bakeoff_*"):
            if folder.name == f"bakeoff_{folder.parent.parent.name}":
                yield folder


def _sections(text: str) -> Iterator[Section]:
    """Whatever stands above something belongs to it: its decorators and the comments on it."""
    lines = text.splitlines()
    above, end = "", 0
    for name, first, last in _parts(ast.parse(text), lines):
        yield from _section(above, lines[end : first - 1])
        yield from _section(name, lines[first - 1 : last])
        above, end = f"{name} …", last
    yield from _section(above, lines[end:])


def _section(name: str, lines: list[str]) -> Iterator[Section]:
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if lines:
        yield Section(name=name, text="\n".join(lines))


def _parts(tree: ast.Module, lines: list[str]) -> Iterator[tuple[str, int, int]]:
    """Names with their first and last lines; a class ends where its first method begins."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, _first(node, lines), node.end_lineno or node.lineno
        elif isinstance(node, ast.ClassDef):
            methods = [
                part
                for part in node.body
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
            ]
            end = node.end_lineno or node.lineno
            head = _first(methods[0], lines) - 1 if methods else end
            yield node.name, _first(node, lines), head
            for method, following in zip(methods, [*methods[1:], None], strict=True):
                last = end if following is None else _first(following, lines) - 1
                yield f"{node.name}.{method.name}", _first(method, lines), last


def _first(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, lines: list[str]) -> int:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    while first > 1 and lines[first - 2].strip().startswith("#"):
        first -= 1
    return first
