"""Cuts operations out of the sources of a checkout; nothing is imported or executed."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from bakeoff_bench.arms.catalogue import TUTORIAL_SCENARIOS
from bakeoff_report.inputs import Checkout
from bakeoff_report.model import Backend, CodeSample, Operation, Snippet

PORTS = "shared-schemas/src/bakeoff_schemas/ports.py"
ARMS = "packages/bench/src/bakeoff_bench/arms"
FILES = {
    "Authors": ("authors", "Authors"),
    "Books": ("books", "Books"),
    "Users": ("users", "Users"),
    "Tokens": ("tokens", "Tokens"),
    "Orders": ("orders", "Orders"),
    "Reports": ("reports", "Reports"),
    "Outbox": ("outbox", "Outbox"),
    "DataLayer": ("layer", "Layer"),
}
"""By protocol of the port: the file of a backend, and the class in it."""
_LEFT_OUT = "tables"
"""Tables and models are a file of their own, which one operation does not show."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Undecorated = ast.Assign | ast.AnnAssign | ast.Expr
Definition = _Function | ast.ClassDef | ast.Assign | ast.AnnAssign
Role = Literal["operation", "helper", "constant", "model"]


@dataclass(frozen=True)
class Module:
    """A source file."""

    path: str
    text: str
    tree: ast.Module

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        """What the module defines, by name; imports are not among it."""
        found: dict[str, Definition] = {}
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found[node.name] = node
            elif isinstance(node, ast.Assign):
                found |= {one.id: node for one in node.targets if isinstance(one, ast.Name)}
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found[node.target.id] = node
        return found

    @cached_property
    def imports(self) -> dict[str, str]:
        """The full names of what the module imports, by the names that it uses."""
        found: dict[str, str] = {}
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            elif isinstance(node, ast.Import):
                found |= {alias.asname: alias.name for alias in node.names if alias.asname}
        return found

    def methods(self, owner: str) -> dict[str, _Function]:
        found = self.definitions.get(owner)
        body = found.body if isinstance(found, ast.ClassDef) else []
        return {
            node.name: node
            for node in body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }


@dataclass(slots=True)
class Sources:
    """The parsed modules of a checkout; one that cannot be parsed is noted as such."""

    checkout: Checkout
    _parsed: dict[str, Module | None] = field(default_factory=dict)

    def module(self, path: str) -> Module | None:
        if path not in self._parsed:
            self._parsed[path] = self._parse(path)
        return self._parsed[path]

    def _parse(self, path: str) -> Module | None:
        text = self.checkout.text(path, "source")
        if text is None:
            return None
        try:
            return Module(path=path, text=text, tree=ast.parse(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            self.checkout.describe(path, state="unreadable", problem=f"It is no Python: {error}.")
            return None


def port_operations(sources: Sources) -> dict[str, list[str]]:
    """The public methods of the port, by protocol."""
    module = sources.module(PORTS)
    if module is None:
        return {}
    return {
        protocol: [name for name in module.methods(protocol) if not name.startswith("_")]
        for protocol in FILES
    }


def samples(
    sources: Sources, backends: Sequence[Backend], operations: Sequence[Operation]
) -> list[CodeSample]:
    """Every operation of the port in every backend, and the scenarios of the tutorial arms."""
    scenarios = {one.port: one.id for one in reversed(operations) if one.port}
    found = []
    for backend in backends:
        folder = f"{backend.path}/src/bakeoff_{backend.name}"
        for protocol, methods in port_operations(sources).items():
            stem, owner = FILES[protocol]
            module = sources.module(f"{folder}/{stem}.py")
            for method in methods if module else ():
                assert module is not None
                snippets = Cutter(sources, folder).cut(module, owner, method)
                if snippets:
                    operation = f"{protocol}.{method}"
                    found.append(
                        CodeSample(
                            backend=backend.name,
                            style="adapter",
                            operation=operation,
                            scenario=scenarios.get(operation),
                            snippets=snippets,
                        )
                    )
        found += _taught(sources, backend)
    return found


def _taught(sources: Sources, backend: Backend) -> Iterator[CodeSample]:
    path = f"{ARMS}/tutorial_{backend.name}.py"
    if not (sources.checkout.root / path).exists():
        return
    module = sources.module(path)
    if module is None:
        return
    for owner, scenario, method in taught_methods(module):
        snippets = Cutter(sources, ARMS).cut(module, owner, method)
        if snippets:
            yield CodeSample(
                backend=backend.name,
                style="taught",
                operation=scenario,
                scenario=scenario,
                snippets=snippets,
            )


def taught_methods(module: Module) -> Iterator[tuple[str | None, str, str]]:
    """Class, scenario and method: what a tutorial arm hands to `tutorial.scenarios`, in order.

    There is no class where it is a function of the module.
    """
    for owner in module.definitions:
        for node in ast.walk(module.definitions[owner]):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "tutorial.scenarios":
                handed = [*node.args, *(word.value for word in node.keywords)]
                for scenario, value in zip(TUTORIAL_SCENARIOS, handed, strict=False):
                    if isinstance(value, ast.Attribute):
                        yield owner, scenario, value.attr
                    elif isinstance(value, ast.Name):
                        yield None, scenario, value.id


@dataclass(slots=True)
class Cutter:
    """Cuts one operation, with what it uses inside `folder`, which is a package."""

    sources: Sources
    folder: str
    _found: dict[tuple[str, int], Snippet] = field(default_factory=dict)

    def cut(self, module: Module, owner: str | None, method: str) -> list[Snippet]:
        """The operation, then what it uses, file by file in the order of the lines; [] without it.

        It is a method of `owner`, or without one a function of the module. Used are: private
        methods of its class, and functions, classes and constants of its module, and from there
        on; of other modules in the package, constants only.
        """
        node: Definition | None
        node = module.methods(owner).get(method) if owner else module.definitions.get(method)
        if node is None:
            return []
        self._add(module, node, "operation", owner)
        first, *others = self._found.values()
        return [
            first,
            *sorted(others, key=lambda one: (one.file != module.path, one.file, one.first)),
        ]

    def _add(self, module: Module, node: Definition, role: Role, owner: str | None) -> None:
        snippet = snippet_of(module, node, role)
        if (snippet.file, snippet.first) in self._found:
            return
        self._found[snippet.file, snippet.first] = snippet
        methods = module.methods(owner) if owner else {}
        local = _bound(node)
        for used in ast.walk(node):
            if isinstance(used, ast.Attribute) and isinstance(used.value, ast.Name):
                if used.value.id in ("self", "cls"):
                    if used.attr.startswith("_") and used.attr in methods:
                        self._add(module, methods[used.attr], "helper", owner)
                elif used.value.id not in local:
                    self._imported(module, used.value.id, used.attr)
            elif isinstance(used, ast.Name) and used.id not in local:
                if used.id in module.definitions and used.id != owner:
                    found = module.definitions[used.id]
                    self._add(module, found, _role(found), None)
                else:
                    self._imported(module, used.id, None)

    def _imported(self, module: Module, name: str, attribute: str | None) -> None:
        full = module.imports.get(name)
        if full is None:
            return
        source, _, constant = (f"{full}.{attribute}" if attribute else full).rpartition(".")
        package = self.folder.rpartition("/")[2]
        steps = source.split(".")
        if steps[0] != package or steps[-1] == _LEFT_OUT or not constant.lstrip("_").isupper():
            return
        path = f"{self.folder}/{'/'.join(steps[1:])}.py"
        if not (self.sources.checkout.root / path).is_file():
            return
        other = self.sources.module(path)
        found = other.definitions.get(constant) if other else None
        if other is not None and isinstance(found, ast.Assign | ast.AnnAssign):
            self._add(other, found, "constant", None)


def _bound(node: Definition) -> set[str]:
    """The names that a function binds itself: they are not those of its module."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return set()
    arguments = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    names = (one for one in ast.walk(node) if isinstance(one, ast.Name))
    return arguments | {one.id for one in names if isinstance(one.ctx, ast.Store)}


def _role(node: Definition) -> Role:
    if isinstance(node, ast.ClassDef):
        return "model"
    return "helper" if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else "constant"


def snippet_of(module: Module, node: Definition | ast.Expr, role: Role) -> Snippet:
    """The code of a definition, or of a call that a module makes when it is imported."""
    decorators = [] if isinstance(node, _Undecorated) else node.decorator_list
    first = min([node.lineno, *(one.lineno for one in decorators)])
    # The comment right above belongs to it.
    while first > 1 and module.lines[first - 2].lstrip().startswith("#"):
        first -= 1
    last = node.end_lineno or node.lineno
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        name = ", ".join(ast.unparse(target) for target in targets)
    elif isinstance(node, ast.Expr):
        name = ast.unparse(node.value.func if isinstance(node.value, ast.Call) else node.value)
    else:
        name = node.name
    return Snippet(
        name=name,
        file=module.path,
        first=first,
        last=last,
        text=textwrap.dedent("\n".join(module.lines[first - 1 : last])),
        role=role,
    )
