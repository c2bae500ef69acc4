"""Holds workarounds and traps against the sources: marks, entries, tests and canaries must agree.

A workaround is marked `workaround(<id>)` in a backend's source, described in its
`workarounds.toml`, and has a canary: a test of the bare layer that is expected to fail. A trap of
`docs/traps.toml` was reported by others; tests of the suites are marked with its number. Sources
are never imported.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bakeoff_tasks import ledger_pages
from bakeoff_tasks.registry import ROOT, Backend

_TRAPS = "docs/traps.toml"
_SUITES = "contract-tests/src/bakeoff_contract"
_STATUSES = ("reproduced", "not reproduced", "not applicable")
_MARK = re.compile(r"workaround\(([a-z0-9-]+)\)")
_CANARY = re.compile(r"(workaround|trap)\(([a-z0-9-]+)\)")
_VERSION = re.compile(r"\d+\.\d+")
_TEXTS = ("layer", "seen", "what", "instead", "canary")
_LISTS = ("upstream", "trap")

Fields = Mapping[str, Any]
_Test = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A test of the bare layer that is expected to fail, and which workaround or trap it shows."""

    test: str
    path: str
    kind: str
    names: str
    strict: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Workaround:
    """An entry of a backend's `workarounds.toml`, with the places that are marked."""

    backend: str
    name: str
    layer: str
    seen: str
    what: str
    instead: str
    upstream: list[str]
    trap: list[int]
    canary: str
    test: str
    marks: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """What was reported of a layer, what we saw of it, and which tests and canaries show it."""

    number: int
    layers: list[str]
    reported: str
    links: list[str]
    seen: str
    status: str
    tests: list[str]
    canaries: list[str]


def problems(backends: Sequence[Backend], *, write: bool, root: Path = ROOT) -> list[str]:
    """What does not agree, one sentence each; with `write` the pages are brought up to date first.

    `build/workarounds.json` is written in any case.
    """
    found: list[str] = []
    entries: list[Workaround] = []
    canaries: list[Canary] = []
    for backend in backends:
        own = list(_canaries(backend.path, root))
        canaries += own
        entries += _of_backend(backend, own, found, root)
    traps = _traps(entries, canaries, root)
    found += _trap_problems(traps, entries, canaries)
    pages = {
        "docs/workarounds.md": ledger_pages.workarounds(entries),
        "docs/traps.md": ledger_pages.traps(traps, entries),
    }
    for name, text in pages.items():
        page = root / name
        if write:
            page.write_text(text, encoding="utf-8")
        elif not page.exists() or page.read_text(encoding="utf-8") != text:
            found.append(f"{name} is stale: nox -s workarounds -- --write")
    target = root / "build/workarounds.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {"workarounds": [asdict(entry) for entry in entries]}
    target.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return found


def _of_backend(
    backend: Backend, canaries: Sequence[Canary], found: list[str], root: Path
) -> Iterator[Workaround]:
    path = backend.path / "workarounds.toml"
    where = path.relative_to(root)
    entries = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    marks = _marks(backend.path / "src", root)
    found += [
        f"{marks[name][0]}: workaround({name}) has no entry in {where}"
        for name in sorted(marks.keys() - entries.keys())
    ]
    found += [
        f"{canary.path}: {canary.test} is about {canary.names}, not in {where}"
        for canary in canaries
        if canary.kind == "workaround" and canary.names not in entries
    ]
    for name, entry in entries.items():
        tests = [canary for canary in canaries if canary.test == entry.get("canary")]
        wrong = list(_field_mistakes(entry))
        also = list(_canary_mistakes(name, entry, tests))
        if name not in marks:
            also.append(f"has no mark `workaround({name}):` in the sources")
        found += [f"{where}: [{name}] {mistake}" for mistake in (*wrong, *also)]
        if not wrong:
            test = tests[0].path if tests else ""
            places = marks.get(name, [])
            yield Workaround(backend=backend.name, name=name, test=test, marks=places, **entry)


def _field_mistakes(entry: Fields) -> Iterator[str]:
    for field in _TEXTS:
        if not isinstance(entry.get(field), str) or not entry[field].strip():
            yield f"needs `{field}`, a text"
    for field in _LISTS:
        if not isinstance(entry.get(field), list):
            yield f"needs `{field}`, a list, which may be empty"
    for field in entry.keys() - {*_TEXTS, *_LISTS}:
        yield f"has `{field}`, which nobody reads"
    if isinstance(entry.get("seen"), str) and not _VERSION.search(entry["seen"]):
        yield "needs a version in `seen`: what is written here was seen with it"
    for link in entry.get("upstream", []):
        if not str(link).startswith("https://"):
            yield f"has {link!r} in `upstream`, which is no address"


def _canary_mistakes(name: str, entry: Fields, tests: Sequence[Canary]) -> Iterator[str]:
    test = entry.get("canary")
    if not tests:
        yield f"has the canary {test}, which is no test that is expected to fail"
    for canary in tests:
        if canary.names != name:
            yield f"has the canary {test}, which names {canary.kind}({canary.names})"
        if not canary.strict:
            yield f"has the canary {test}, which must be strict=True: nobody would see it pass"


def _trap_problems(
    traps: Sequence[Trap], entries: Sequence[Workaround], canaries: Sequence[Canary]
) -> Iterator[str]:
    numbers = [trap.number for trap in traps]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"{_TRAPS}: expected the numbers from 1, each once and in order"
    shown = {canary.names for canary in canaries if canary.kind == "trap"}
    for trap in traps:
        where = f"{_TRAPS}: trap {trap.number}"
        if trap.status not in _STATUSES:
            yield f"{where} has the status {trap.status!r}; expected one of {', '.join(_STATUSES)}"
        if trap.status != "not applicable" and not trap.tests:
            yield f"{where} is answered by no test with @pytest.mark.trap({trap.number})"
        if trap.status == "reproduced" and not trap.canaries:
            yield f"{where} is said to be reproduced, and no canary shows it"
        if trap.status == "not reproduced" and str(trap.number) in shown:
            yield f"{where} is said not to be reproduced, and a canary shows it"
    for entry in entries:
        for number in set(entry.trap) - set(numbers):
            yield f"{entry.backend}: [{entry.name}] answers trap {number}, of which none knows"
    for canary in canaries:
        where = f"{canary.path}: {canary.test}"
        if canary.kind == "trap" and canary.names not in map(str, numbers):
            yield f"{where} is about trap {canary.names}; none knows it"
        if canary.kind == "trap" and not canary.strict:
            yield f"{where} must be strict=True"


def _traps(entries: Sequence[Workaround], canaries: Sequence[Canary], root: Path) -> list[Trap]:
    """The reported traps; a canary shows one itself, or a workaround that answers it."""
    shown: defaultdict[int, list[str]] = defaultdict(list)
    for canary in canaries:
        if canary.kind == "trap" and canary.names.isdecimal():
            shown[int(canary.names)].append(f"{canary.path}::{canary.test}")
    for entry in entries:
        for number in entry.trap:
            shown[number].append(f"{entry.test}::{entry.canary}")
    tests = _marked_tests(root / _SUITES)
    return [
        Trap(
            **entry,
            tests=tests[entry["number"]],
            canaries=list(dict.fromkeys(shown[entry["number"]])),
        )
        for entry in tomllib.loads((root / _TRAPS).read_text(encoding="utf-8"))["trap"]
    ]


def _marked_tests(suites: Path) -> defaultdict[int, list[str]]:
    """The tests of the suites, by the numbers in their `trap` marks; a module may have one too."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for path in sorted(suites.glob("*suite/**/test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"), str(path)).body
        whole = [
            number
            for node in module
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
            for number in _trap_numbers(node.value)
        ]
        for node in module:
            if isinstance(node, _Test) and node.name.startswith("test_"):
                own = [number for mark in node.decorator_list for number in _trap_numbers(mark)]
                for number in dict.fromkeys([*own, *whole]):
                    found[number].append(f"{path.relative_to(suites)}::{node.name}")
    return found


def _trap_numbers(node: ast.expr) -> Iterator[int]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.trap":
            yield from (ast.literal_eval(argument) for argument in call.args)


def _marks(source: Path, root: Path) -> dict[str, list[str]]:
    """Where each workaround is marked: in a comment or in a docstring."""
    marks: dict[str, list[str]] = {}
    for path in sorted(source.rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for name in _MARK.findall(line):
                marks.setdefault(name, []).append(f"{path.relative_to(root)}:{number}")
    return marks


def _canaries(package: Path, root: Path) -> Iterator[Canary]:
    """The tests with an `xfail`, as a mark or a call, whose reason names a workaround or a trap."""
    for path in sorted((package / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        makers = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        for node in ast.walk(tree):
            if isinstance(node, _Test) and node.name.startswith("test_"):
                for reason, strict in _reasons(node, makers):
                    if match := _CANARY.fullmatch(reason):
                        yield Canary(
                            test=node.name,
                            path=str(path.relative_to(root)),
                            kind=match[1],
                            names=match[2],
                            strict=strict,
                        )


def _reasons(test: _Test, makers: Mapping[str, ast.FunctionDef]) -> Iterator[tuple[str, bool]]:
    for node in ast.walk(test):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr == "xfail":
            yield _xfail(node, {})
        elif isinstance(node.func, ast.Name) and node.func.id in makers:
            # `@worked_around("name")`: a function of the module that makes the mark.
            maker = makers[node.func.id]
            names = [argument.arg for argument in maker.args.args]
            values = dict(zip(names, (_text(value, {}) for value in node.args), strict=False))
            for call in ast.walk(maker):
                if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(".xfail"):
                    yield _xfail(call, values)


def _xfail(call: ast.Call, values: Mapping[str, str]) -> tuple[str, bool]:
    options = {word.arg: word.value for word in call.keywords}
    strict = options.get("strict")
    return _text(options.get("reason"), values), strict is not None and _text(strict, {}) == "True"


def _text(node: ast.expr | None, values: Mapping[str, str]) -> str:
    """A constant, or an f-string with these values for its names."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, values) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return values.get(ast.unparse(node.value), "")
    return str(node.value) if isinstance(node, ast.Constant) else ""
