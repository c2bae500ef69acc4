"""Whether every backend reads like the port: same files, classes and methods, in the same order.

What the methods take and answer is checked by mypy, with what `conformance` writes. Sources are
read and never imported, so that no backend need be installed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
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
    "tokens": {"Tokens": "Tokens"},
    "orders": {"Orders": "Orders"},
    "reports": {"Reports": "Reports"},
    "outbox": {"Outbox": "Outbox"},
    "errors": {},
}
HEADINGS = ["How it is wired", "What surprised us", "Workarounds"]
# One verb for one step in the life of a connection, in every backend; the rest are former names.
# `terminate` is no former name: the pools of asyncpg and aiomysql have it.
VERBS = ("reset", "discard", "close", "kill_remote", "is_alive", "release")
FORMER_NAMES = frozenset(
    {
        *("settle", "come_to_rest", "drop", "hang_up", "abandon", "restore"),
        *("usable", "is_lost", "give_back", "Turnstile", "Disconnected", "Lost"),
    }
)
_BESIDES = {"__init__.py", "py.typed", "__pycache__"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def problems(backends: Sequence[Backend], *, ports: Path = PORTS) -> list[str]:
    """What is not as in the port, one sentence each; none means that one can read across."""
    port = _classes(ports)
    return [problem for backend in backends for problem in _of_backend(backend, port)]


def conformance(backends: Sequence[Backend]) -> str:
    """A module that mypy accepts only if the classes of these backends are what the port says."""
    pairs = [
        (f"bakeoff_{backend.name}.{stem}", name, protocol)
        for backend in backends
        for stem, classes in FILES.items()
        for name, protocol in classes.items()
    ]
    imports = [f"import {module}" for module in dict.fromkeys(module for module, _, _ in pairs)]
    checks = [
        f"_{number}: type[ports.{protocol}] = {module}.{name}"
        for number, (module, name, protocol) in enumerate(pairs)
    ]
    return "\n".join([*imports, "from bakeoff_schemas import ports", *checks, ""])


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
    yield from _former_names(package)
    yield from _readme(backend.path / "README.md")
    if not any((backend.path / "tests").glob("test_*.py")):
        yield f"{_name(backend.path / 'tests')}: expected tests of what the contract cannot express"
    # A layer without a library has nothing to work around.
    if backend.databases and not (backend.path / "workarounds.toml").exists():
        yield f"{_name(backend.path / 'workarounds.toml')}: expected the list of workarounds"


def _files(package: Path) -> Iterator[str]:
    there = {path.name for path in package.iterdir()} - _BESIDES
    expected = {f"{stem}.py" for stem in FILES}
    for name in sorted(expected - there):
        yield f"{_name(package / name)}: expected this file, as in every backend"
    for name in sorted(there - expected):
        if not (package / name / "__init__.py").exists():
            yield (
                f"{_name(package / name)}: expected nothing but {', '.join(sorted(expected))} "
                "and packages; move it into a package"
            )
    for name in ("__init__.py", "py.typed"):
        if not (package / name).exists():
            yield f"{_name(package / name)}: expected this file"


def _file(path: Path, classes: dict[str, str], port: dict[str, ast.ClassDef]) -> Iterator[str]:
    found = _classes(path)
    public = [name for name in found if name in classes or not name.startswith("_")]
    if classes and public != list(classes):
        yield f"{_name(path)}: expected the public classes {_differ(list(classes), public)}"
    for name, protocol in classes.items():
        if name in found:
            yield from _class(f"{_name(path)}: {name}", found[name], port[protocol])


def _class(where: str, found: ast.ClassDef, protocol: ast.ClassDef) -> Iterator[str]:
    expected = {method.name: method for method in _public(protocol)}
    there = {method.name: method for method in _public(found)}
    # A store may set its aggregates when it is made, instead of having properties.
    names = list(there) or _attributes(found)
    if names != list(expected):
        yield f"{where}: expected the public methods {_differ(list(expected), names)}"
    for name in expected.keys() & there.keys():
        wanted, taken = _parameters(expected[name]), _parameters(there[name])
        if wanted != taken:
            yield f"{where}.{name}: expected the parameters {_differ(wanted, taken)}"
    last = max((method.lineno for method in there.values()), default=0)
    for node in found.body:
        if isinstance(node, _FUNCTIONS) and _is_private(node.name) and node.lineno < last:
            yield f"{where}.{node.name}: expected private methods after those of the port"


def _former_names(package: Path) -> Iterator[str]:
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if node.name.lstrip("_") in FORMER_NAMES:
                yield (
                    f"{_name(path)}:{node.lineno}: {node.name} is a former name; "
                    f"the verbs of a connection are {', '.join(VERBS)}"
                )


def _readme(path: Path) -> Iterator[str]:
    if not path.exists():
        yield f"{_name(path)}: expected this file"
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    headings = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    if headings != HEADINGS:
        yield f"{_name(path)}: expected the headings {_differ(HEADINGS, headings)}"


def _classes(path: Path) -> dict[str, ast.ClassDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _public(owner: ast.ClassDef) -> list[_Function]:
    return [n for n in owner.body if isinstance(n, _FUNCTIONS) and not n.name.startswith("_")]


def _attributes(owner: ast.ClassDef) -> list[str]:
    """The public attributes that the methods of a class set."""
    return [
        node.attr
        for node in ast.walk(owner)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and ast.unparse(node.value) == "self"
        and not node.attr.startswith("_")
    ]


def _parameters(method: _Function) -> list[str]:
    """Their names: mypy allows more of them than the port has."""
    taken = method.args
    return [one.arg for one in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)]


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _differ(expected: Sequence[str], found: Sequence[str]) -> str:
    return f"{', '.join(expected)}, in this order; found {', '.join(found) or 'none'}"


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
