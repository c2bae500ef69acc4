"""Whether every backend has the shape of the port: same files, classes, methods and order.

Sources are read and never imported, so that no backend need be installed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bakeoff_tasks.registry import ROOT, Backend

PORTS = ROOT / "shared-schemas/src/bakeoff_schemas/ports.py"
# Each with the protocols of the port that it implements.
FILES: dict[str, dict[str, str]] = {
    "layer": {"Store": "Store", "Layer": "DataLayer"},
    "tables": {},
    "authors": {"Authors": "Authors"},
    "books": {"Books": "Books"},
    "users": {"Users": "Users"},
    "orders": {"Orders": "Orders"},
    "reports": {"Reports": "Reports"},
    "errors": {},
}
HEADINGS = ("How it is wired", "What surprised us", "Workarounds")
_BESIDES = {"__init__.py", "py.typed", "__pycache__"}


def problems(backends: Sequence[Backend], *, ports: Path = PORTS) -> list[str]:
    """What is not as in the port, one sentence each; none means that one can read across."""
    port = _classes(ports)
    return [problem for backend in backends for problem in _of_backend(backend, port)]


def _of_backend(backend: Backend, port: dict[str, ast.ClassDef]) -> Iterator[str]:
    package = backend.path / "src" / f"bakeoff_{backend.name}"
    if not package.is_dir():
        yield f"{_name(package)}: expected the package there"
        return
    yield from _files(package)
    for stem, classes in FILES.items():
        path = package / f"{stem}.py"
        if path.exists():
            yield from _file(path, classes, port)
    yield from _readme(backend.path / "README.md")
    if not any((backend.path / "tests").glob("test_*.py")):
        yield f"{_name(backend.path / 'tests')}: expected tests of what the contract cannot express"
    # A layer without a library has nothing to work around.
    if backend.databases and not (backend.path / "workarounds.toml").exists():
        yield f"{_name(backend.path / 'workarounds.toml')}: expected the ledger of workarounds"


def _files(package: Path) -> Iterator[str]:
    there = {path.name for path in package.iterdir()} - _BESIDES
    expected = {f"{stem}.py" for stem in FILES}
    for name in sorted(expected - there):
        yield f"{_name(package / name)}: expected this file, as in every backend"
    for name in sorted(there - expected):
        if not (package / name / "__init__.py").exists():
            yield (
                f"{_name(package / name)}: expected nothing but {', '.join(sorted(expected))} "
                "and packages; what is more belongs into a package"
            )
    for name in ("__init__.py", "py.typed"):
        if not (package / name).exists():
            yield f"{_name(package / name)}: expected this file"


def _file(path: Path, classes: dict[str, str], port: dict[str, ast.ClassDef]) -> Iterator[str]:
    found = _classes(path)
    there = [name for name in found if name in classes]
    for name in classes:
        if name not in found:
            yield f"{_name(path)}: expected class {name}, found {_listed(found)}"
    for name in found if classes else ():
        if name not in classes and not name.startswith("_"):
            yield f"{_name(path)}: expected no public class but {_listed(classes)}; found {name}"
    if there != [name for name in classes if name in found]:
        yield f"{_name(path)}: expected the classes in the order {_listed(classes)}"
    for name, protocol in classes.items():
        if name in found:
            where = f"{_name(path)}: {name}"
            if name == "Store":
                yield from _aggregates(where, found[name], port[protocol])
            else:
                yield from _methods(where, found[name], port[protocol])


def _aggregates(where: str, found: ast.ClassDef, protocol: ast.ClassDef) -> Iterator[str]:
    """A store has them as properties, or sets them when it is made."""
    expected = [method.name for method in _public(protocol)]
    assigned = [
        node.attr
        for node in ast.walk(found)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and not node.attr.startswith("_")
    ]
    there = [method.name for method in _public(found)] or assigned
    if there != expected:
        yield f"{where}: expected {_listed(expected)}, in this order; found {_listed(there)}"


def _methods(where: str, found: ast.ClassDef, protocol: ast.ClassDef) -> Iterator[str]:
    expected = {method.name: method for method in _public(protocol)}
    there = {method.name: method for method in _public(found)}
    for name in expected.keys() - there.keys():
        yield f"{where}.{name}: expected this method of the port"
    for name in there.keys() - expected.keys():
        yield f"{where}.{name}: expected no public method that the port does not have"
    common = [name for name in there if name in expected]
    in_order = [name for name in expected if name in there]
    if common != in_order:
        order, found_order = _listed(in_order), _listed(common)
        yield f"{where}: expected the methods in the order {order}; found {found_order}"
    for name in in_order:
        wanted, given = _parameters(expected[name]), _parameters(there[name])
        if wanted != given:
            yield f"{where}.{name}: expected the parameters ({wanted}), found ({given})"
    private = [node.name for node in _functions(found) if _is_private(node.name)]
    if private and there:
        last = max(method.lineno for method in there.values())
        for node in _functions(found):
            if _is_private(node.name) and node.lineno < last:
                yield f"{where}.{node.name}: expected private methods after those of the port"


def _parameters(method: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Names and kinds; types are the business of mypy."""
    given = method.args
    parts = [f"{argument.arg}, /" for argument in given.posonlyargs]
    parts += [argument.arg for argument in given.args if argument.arg != "self"]
    if given.vararg:
        parts.append(f"*{given.vararg.arg}")
    elif given.kwonlyargs:
        parts.append("*")
    parts += [argument.arg for argument in given.kwonlyargs]
    if given.kwarg:
        parts.append(f"**{given.kwarg.arg}")
    return ", ".join(parts)


def _readme(path: Path) -> Iterator[str]:
    if not path.exists():
        yield f"{_name(path)}: expected this file"
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    headings = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    if headings != list(HEADINGS):
        yield f"{_name(path)}: expected the headings {_listed(HEADINGS)}; found {_listed(headings)}"


def _classes(path: Path) -> dict[str, ast.ClassDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _functions(owner: ast.ClassDef) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in owner.body if isinstance(node, kinds)]


def _public(owner: ast.ClassDef) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in _functions(owner) if not node.name.startswith("_")]


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
