"""The ledger of workarounds and the list of traps, held against the sources that they speak of.

Marks, entries and canaries must name each other; sources are read and never imported.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bakeoff_tasks import ledger_pages, traps
from bakeoff_tasks.matrix import BUILD
from bakeoff_tasks.registry import ROOT, Backend

WORKAROUNDS = BUILD / "workarounds.json"
PAGE = ROOT / "docs/workarounds.md"
TRAPS_PAGE = ROOT / "docs/traps.md"
_MARK = re.compile(r"workaround\(([a-z0-9-]+)\)")
_CANARY = re.compile(r"(workaround|trap)\(([a-z0-9-]+)\)")
_VERSION = re.compile(r"\d+\.\d+")
_TEXTS = ("layer", "seen", "what", "instead", "canary")
_LISTS = ("upstream", "trap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A test of the bare layer that is expected to fail, and for what."""

    test: str
    path: str
    kind: str
    names: str
    strict: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Workaround:
    """An entry of the ledger with the places that are marked."""

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


def problems(backends: Sequence[Backend], *, write: bool, root: Path = ROOT) -> list[str]:
    """What does not fit together, one sentence each; pages that are not up to date are among it.

    With `write` the pages are rewritten instead. `build/workarounds.json` is written anyway.
    """
    found: list[str] = []
    entries: list[Workaround] = []
    canaries: list[Canary] = []
    for backend in backends:
        own = list(_canaries(backend.path, root))
        canaries += own
        entries += _of_backend(backend, own, found, root)
    known = traps.read(root)
    found += traps.problems(known, [asdict(one) for one in entries], [asdict(c) for c in canaries])
    pages = {
        root / PAGE.relative_to(ROOT): ledger_pages.workarounds(entries),
        root / TRAPS_PAGE.relative_to(ROOT): ledger_pages.traps(
            known, [asdict(one) for one in entries], [asdict(c) for c in canaries]
        ),
    }
    for path, text in pages.items():
        there = path.read_text(encoding="utf-8") if path.exists() else ""
        if write:
            path.write_text(text, encoding="utf-8")
        elif there != text:
            found.append(f"{path.relative_to(root)} is stale: nox -s workarounds -- --write")
    target = root / WORKAROUNDS.relative_to(ROOT)
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {"workarounds": [asdict(entry) for entry in entries]}
    target.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return found


def _of_backend(
    backend: Backend, canaries: Sequence[Canary], found: list[str], root: Path
) -> list[Workaround]:
    path = backend.path / "workarounds.toml"
    where = path.relative_to(root)
    given = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    marks = _marks(backend.path / "src", root)
    entries = []
    found += [
        f"{marks[name][0]}: workaround({name}) has no entry in {where}"
        for name in sorted(marks.keys() - given.keys())
    ]
    for name, entry in given.items():
        wrong = list(_mistakes(entry))
        found += [f"{where}: [{name}] {mistake}" for mistake in wrong]
        if name not in marks:
            found.append(f"{where}: [{name}] has no mark `workaround({name}):` in the sources")
        tests = [canary for canary in canaries if canary.test == entry.get("canary")]
        found += [f"{where}: [{name}] {it}" for it in _canary_mistakes(name, entry, tests)]
        if not wrong:
            entries.append(
                Workaround(
                    backend=backend.name,
                    name=name,
                    test=tests[0].path if tests else "",
                    marks=marks.get(name, []),
                    **entry,
                )
            )
    for canary in canaries:
        if canary.kind == "workaround" and canary.names not in given:
            found.append(f"{canary.path}: {canary.test} is about {canary.names}, not in {where}")
    return entries


def _mistakes(entry: dict[str, Any]) -> Iterator[str]:
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


def _canary_mistakes(name: str, entry: dict[str, Any], tests: Sequence[Canary]) -> Iterator[str]:
    test = entry.get("canary")
    if not tests:
        yield f"has the canary {test}, which is no test that is expected to fail"
    for canary in tests:
        if canary.names != name:
            yield f"has the canary {test}, which names {canary.kind}({canary.names})"
        if not canary.strict:
            yield f"has the canary {test}, which must be strict=True: it would pass unheard"


def _marks(source: Path, root: Path) -> dict[str, list[str]]:
    """Where each workaround is marked: in a comment or in a docstring."""
    marks: dict[str, list[str]] = {}
    for path in sorted(source.rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for name in _MARK.findall(line):
                marks.setdefault(name, []).append(f"{path.relative_to(root)}:{number}")
    return marks


def _canaries(package: Path, root: Path) -> Iterator[Canary]:
    """The tests that are marked, or mark themselves, as expected to fail for a reason of ours."""
    for path in sorted((package / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        makers = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if not node.name.startswith("test_"):
                continue
            for reason, strict in _reasons(node, makers):
                match = _CANARY.fullmatch(reason)
                if match:
                    yield Canary(
                        test=node.name,
                        path=str(path.relative_to(root)),
                        kind=match[1],
                        names=match[2],
                        strict=strict,
                    )


def _reasons(
    test: ast.FunctionDef | ast.AsyncFunctionDef, makers: dict[str, ast.FunctionDef]
) -> Iterator[tuple[str, bool]]:
    for node in ast.walk(test):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr == "xfail":
            yield _xfail(node, {})
        elif isinstance(node.func, ast.Name) and node.func.id in makers:
            # `@worked_around("name")`: a function of the module that makes the mark.
            maker = makers[node.func.id]
            names = [argument.arg for argument in maker.args.args]
            given = {name: _text(value, {}) for name, value in zip(names, node.args, strict=False)}
            for call in ast.walk(maker):
                if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(".xfail"):
                    yield _xfail(call, given)


def _xfail(call: ast.Call, given: dict[str, str]) -> tuple[str, bool]:
    options = {word.arg: word.value for word in call.keywords}
    return _text(options.get("reason"), given), _is_true(options.get("strict"))


def _text(node: ast.expr | None, given: dict[str, str]) -> str:
    """A text, or one with names in it that are given."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, given) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return given.get(ast.unparse(node.value), "")
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
