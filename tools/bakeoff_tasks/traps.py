"""The reported traps (`docs/traps.toml`), and the tests that no backend falls into one."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SOURCE = "docs/traps.toml"
SUITES = "contract-tests/src/bakeoff_contract"
STATUSES = ("reproduced", "not reproduced", "not applicable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """What was reported of a layer, what we saw of it, and which tests answer."""

    number: int
    layers: list[str]
    reported: str
    links: list[str]
    seen: str
    status: str
    tests: list[str] = field(default_factory=list)


def read(root: Path) -> list[Trap]:
    """All of them, with the tests that are marked with their numbers."""
    entries = tomllib.loads((root / SOURCE).read_text(encoding="utf-8"))["trap"]
    marked = _marked(root)
    return [Trap(**entry, tests=marked.get(entry["number"], [])) for entry in entries]


def problems(
    known: Sequence[Trap],
    workarounds: Sequence[Mapping[str, Any]],
    canaries: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    """What the list claims and nothing shows."""
    numbers = [trap.number for trap in known]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"{SOURCE}: expected the numbers from 1, each once and in order"
    for trap in known:
        where = f"{SOURCE}: trap {trap.number}"
        if trap.status not in STATUSES:
            yield f"{where} has the status {trap.status!r}; expected one of {', '.join(STATUSES)}"
        if trap.status != "not applicable" and not trap.tests:
            yield f"{where} is answered by no test with @pytest.mark.trap({trap.number})"
        if trap.status == "reproduced" and not canaries_of(trap.number, workarounds, canaries):
            yield f"{where} is said to be reproduced, and no canary shows it"
        if trap.status == "not reproduced" and _direct(trap.number, canaries):
            yield f"{where} is said not to be reproduced, and a canary shows it"
    for entry in workarounds:
        for number in set(entry["trap"]) - set(numbers):
            where = f"{entry['backend']}: [{entry['name']}]"
            yield f"{where} answers trap {number}, of which none knows"
    for canary in canaries:
        where = f"{canary['path']}: {canary['test']}"
        if canary["kind"] == "trap" and canary["names"] not in map(str, numbers):
            yield f"{where} is about trap {canary['names']}; none knows it"
        if canary["kind"] == "trap" and not canary["strict"]:
            yield f"{where} must be strict=True"


def canaries_of(
    number: int, workarounds: Sequence[Mapping[str, Any]], canaries: Sequence[Mapping[str, Any]]
) -> list[str]:
    """The tests that show a bare layer in it: its own, and those of workarounds that answer it."""
    answering = [entry for entry in workarounds if number in entry["trap"]]
    through = [f"{entry['test']}::{entry['canary']}" for entry in answering]
    return list(dict.fromkeys([*_direct(number, canaries), *through]))


def _direct(number: int, canaries: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{canary['path']}::{canary['test']}"
        for canary in canaries
        if canary["kind"] == "trap" and canary["names"] == str(number)
    ]


def _marked(root: Path) -> dict[int, list[str]]:
    """The tests of the suites, by the numbers in their `trap` marks; a module may have one too."""
    found: dict[int, list[str]] = {}
    for path in sorted((root / SUITES).glob("*suite/**/test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        whole = [
            number
            for node in tree.body
            if isinstance(node, ast.Assign) and _targets(node) == ["pytestmark"]
            for number in _numbers(node.value)
        ]
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if not node.name.startswith("test_"):
                    continue
                own = [number for mark in node.decorator_list for number in _numbers(mark)]
                for number in dict.fromkeys([*own, *whole]):
                    place = path.relative_to(root / SUITES)
                    found.setdefault(number, []).append(f"{place}::{node.name}")
    return found


def _numbers(node: ast.expr) -> Iterator[int]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.trap":
            for argument in call.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, int):
                    yield argument.value


def _targets(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]
