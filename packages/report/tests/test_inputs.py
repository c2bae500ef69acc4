from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakeoff_report import inputs, summary
from bakeoff_report.badges import svg
from bakeoff_report.building import collect
from bakeoff_report.inputs import Checkout
from bakeoff_report.model import Report, SourceFile

PATHS = [
    "build/matrix.json",
    "build/contract/raw-sqlite.json",
    "build/contract/raw-sqlite.xml",
    "build/layers/raw-sqlite.xml",
    "build/interop.json",
    "build/faults.json",
    "results/a/faults.json.gz",
    "build/statements.json",
    "contract-tests/baselines/raw.json",
    "packages/elm/workarounds.toml",
    "docs/traps.toml",
    "packages/report/src/bakeoff_report/facts.json",
    "packages/elm/libraries.toml",
    "packages/elm/pyproject.toml",
    "requirements/main.txt",
    "packages/raw/src/bakeoff_raw/books.py",
    "shared-schemas/src/bakeoff_schemas/ports.py",
]
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**300, 10**310)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.just(HOSTILE),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("cells", "pairs", "fleets", "trap", "backend", "database", "databases"),
                    *("operations", "round_trips", "statements", "status", "python", "why"),
                    *("writer", "reader", "tests", "passed", "failed", "xfailed", "last"),
                    *("version", "made", "full", "machine", "faults", "name", "lost"),
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)
contents = (
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | values.map(lambda value: json.dumps(value).encode())
)
thorough = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def source_of(report: Report, path: str) -> SourceFile:
    (found,) = [one for one in report.sources if one.path == path]
    return found


@given(st.dictionaries(st.sampled_from(PATHS), contents, max_size=4))
@thorough
def test_whatever_is_in_the_files_there_is_a_report(tree: Any, files: dict[str, bytes]) -> None:
    for path in PATHS:
        (tree.root / path).unlink(missing_ok=True)
    for path, content in files.items():
        tree.write(path, content)
    report = tree.report()
    # It can be written and read again: no surrogate, no infinity.
    assert Report.model_validate_json(report.model_dump_json()) == report
    summary.markdown(report).encode()


def valid(runs: Any) -> dict[str, Any]:
    """One good file of each kind."""
    measured = [
        runs.measurement("raw", cpu_ns=10_000_000, rate=1, restarts=runs.slices(1, restarts=1)),
        runs.measurement("elm", cpu_ns=10_000_000, rate=2, restarts=runs.slices(3, restarts=1)),
    ]
    about = {"database": "sqlite", "tests": 3, "status": "passed", "why": None}
    sent = {"round_trips": 1, "statements": ["SELECT"]}
    return {
        "build/bench.json": runs.result(*measured),
        "build/matrix.json": {
            "cells": [
                {"backend": "raw", "database": "sqlite", "python": "3.11.7", "status": "passed"}
            ]
        },
        "build/contract/raw-sqlite.json": {
            "server_version": "3.40",
            "layer": "aiosqlite",
            "layer_version": "0.22",
            "passed": 1,
            "failed": 0,
            "xfailed": 0,
            "seconds": 1.5,
        },
        "build/interop.json": {
            "pairs": [{**about, "writer": "raw", "reader": "elm"}],
            "fleets": [{**about, "backends": ["raw", "elm"]}],
        },
        "build/faults.json": {
            "version": 1,
            "commit": None,
            "made": "2026-11-30T12:00:00Z",
            "full": True,
            "machine": {"cpus": 2},
            "cells": [
                {
                    "backend": "raw",
                    "database": "sqlite",
                    "faults": [
                        {
                            "name": "server-killed",
                            "status": "broken",
                            "broken": ["It is lost."],
                            "statuses": {"200": 3},
                            "unexpected": {"500": 1},
                            **dict.fromkeys(
                                [
                                    *("fault_seconds", "requests", "acknowledged", "lost"),
                                    *("phantom", "stale", "slowest_ms", "limit_ms"),
                                    *("recovered_ms", "connections_before"),
                                    *("connections_after", "memory_before_kib"),
                                    "memory_after_kib",
                                ],
                                1,
                            ),
                        },
                        {"name": "black-hole", "status": "not_applicable", "why": "A file."},
                    ],
                }
            ],
        },
        "build/statements.json": {
            "cells": [{"backend": "raw", "database": "sqlite", "operations": {"books.get": sent}}]
        },
    }


def places(node: Any, steps: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a document."""
    yield steps
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(node, dict):
        items = node.items()
    elif isinstance(node, list):
        items = enumerate(node)
    for step, one in items:
        yield from places(one, (*steps, step))


def replaced(node: Any, steps: tuple[Any, ...], value: Any) -> Any:
    """The document with another value in one place."""
    if not steps:
        return value
    changed = dict(node) if isinstance(node, dict) else list(node)
    changed[steps[0]] = replaced(changed[steps[0]], steps[1:], value)
    return changed


@given(st.data())
@thorough
def test_a_good_file_with_one_strange_value_still_makes_a_report(
    tree: Any, runs: Any, data: st.DataObject
) -> None:
    files = valid(runs)
    path = data.draw(st.sampled_from(sorted(files)))
    steps = data.draw(st.sampled_from([*places(files[path])]))
    files[path] = replaced(files[path], steps, data.draw(values))
    for name, content in files.items():
        tree.json(name, content)
    module = "contract-tests.src.bakeoff_contract.suite.test_upsert"
    tree.junit("build/contract/raw-sqlite.xml", {f"{module}.test_one": ""})
    report = tree.report()
    assert Report.model_validate_json(report.model_dump_json()) == report
    summary.markdown(report).encode()
    others = {name for name in files if name != path}
    assert all(source.state == "read" for source in report.sources if source.path in others)


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)


def test_text_from_a_file_is_no_html_in_the_summary_and_in_a_badge(tree: Any) -> None:
    module = "contract-tests.src.bakeoff_contract.suite.test_upsert"
    message = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    tree.junit(
        "build/contract/raw-sqlite.xml", {f"{module}.test_one": f'<failure message="{message}"/>'}
    )
    line = {"backend": "raw", "database": "postgresql", "python": "3.11"}
    tree.json("build/matrix.json", {"cells": [{**line, "status": "not run", "why": HOSTILE}]})
    tree.write("build/interop.json", "{" + HOSTILE)
    report = tree.report()
    (failure,) = report.does.rows[0].cells[0].failures
    assert failure.message == HOSTILE
    elements = _Elements()
    elements.feed(summary.markdown(report).replace("\\<", "&lt;"))
    assert elements.found == []
    badge = report.badges[0].model_copy(update={"label": HOSTILE, "text": HOSTILE})
    assert "<script>" not in svg(badge)
    assert "<img" not in svg(badge)


@pytest.mark.parametrize(
    ("path", "content", "problem"),
    [
        ("build/matrix.json", b"", "It is not JSON"),
        ("build/matrix.json", b"[" * 100_000, "It is not JSON"),
        ("build/matrix.json", b'{"cells": NaN}', "It is not JSON: NaN is no number"),
        ("build/matrix.json", b"1" * 10_000, "It is not JSON"),
        ("build/matrix.json", b"\xff", "It is not UTF-8."),
        ("build/matrix.json", b"3", "/cells is neither a list nor a table."),
        ("build/matrix.json", b'{"cells": [3]}', "/cells/0 was left out"),
        ("build/contract/raw-sqlite.xml", b"<testsuites>", "It is not XML"),
        (
            "build/layers/raw-sqlite.xml",
            b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            "It has a doc",
        ),
        ("docs/traps.toml", b"trap = ", "It is not TOML"),
        ("build/bench.json", b"{}", "build/bench.json is no result of bakeoff-bench"),
        ("results/a/b.json.gz", b"\x1f\x8b", "It is no whole gzip file"),
        ("results/a/b.json.gz", gzip.compress(b"x" * 1000)[:20], "It is no whole gzip file"),
        ("results/a/b.json.gz", gzip.compress(b"{}"), "results/a/b.json.gz is no result"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    tree: Any, path: str, content: bytes, problem: str
) -> None:
    tree.write(path, content)
    source = source_of(tree.report(), path)
    assert source.state in ("unreadable", "partial")
    assert (source.problem or "").startswith(problem)
    assert str(tree.root) not in (source.problem or "")


def test_a_missing_file_is_named_with_its_command(tree: Any) -> None:
    source = source_of(tree.report(), "build/interop.json")
    assert (source.state, source.command) == ("missing", "python3.11 run.py interop")


def test_a_broken_entry_does_not_take_the_others_with_it(tree: Any) -> None:
    good = {
        "backend": "raw",
        "database": "sqlite",
        "operations": {"books.get": {"round_trips": 1, "statements": ["SELECT"]}},
    }
    bad = {**good, "operations": {"books.get": {"round_trips": -1, "statements": []}}}
    tree.json("build/statements.json", {"cells": [bad, good]})
    report = tree.report()
    (cell,) = [one for one in report.costs.statements if not one.outlined]
    assert cell.round_trips.origin.pointer == "/cells/1/operations/books.get/round_trips"
    source = source_of(report, "build/statements.json")
    assert source.state == "partial"
    assert (source.problem or "").startswith("/cells/0 was left out")


@pytest.mark.parametrize("number", [10**400, 10**300])
def test_figures_that_nobody_can_have_measured_are_left_out(
    tree: Any, runs: Any, number: int
) -> None:
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    huge = [[{"operations": 1, "nanoseconds": number, "cpu_ns": number}]]
    elm = runs.measurement("elm", cpu_ns=1, rate=1, restarts=huge)
    tree.bench("build/bench.json", runs.result(raw, elm))
    report = tree.report()
    assert Report.model_validate_json(report.model_dump_json()) == report
    assert "raw" in {cell.arm for cell in report.costs.cells}


def test_a_file_that_unpacks_to_too_much_is_not_read(
    tree: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "LIMIT", 2**20)
    tree.write("results/a/b.json.gz", gzip.compress(b" " * (2**20 + 1)))
    problem = source_of(tree.report(), "results/a/b.json.gz").problem
    assert problem == "It unpacks to more than 1 MiB."


def test_nothing_in_a_checkout_is_imported(tree: Any) -> None:
    tree.write(
        "packages/raw/src/bakeoff_raw/books.py", "raise SystemExit('executed')\nclass Books: ...\n"
    )
    assert tree.report().lines[0].backend == "raw"


@given(st.text())
def test_a_text_is_shortened_to_what_can_be_shown(text: str) -> None:
    short = inputs.shortened(text, 10)
    assert len(short) <= 10
    assert all(one.isprintable() or one in "\n\t" for one in short)


@given(st.lists(st.text(max_size=5) | st.integers(0, 3), min_size=1, max_size=4))
def test_a_pointer_names_what_it_was_made_of(steps: list[str | int]) -> None:
    document: Any = "found"
    for step in reversed(steps):
        document = {step: document} if isinstance(step, str) else [None] * step + [document]
    assert inputs.resolve(document, inputs.pointer(*steps)) == "found"


def test_a_folder_without_a_registry_is_no_checkout(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"backends.toml: It is not there. Name the folder"):
        collect(tmp_path)
    assert Checkout(tmp_path).paths("*") == []


@pytest.mark.parametrize(
    "change",
    [
        ("[backends.elm]", '[backends."../elm"]'),
        ('path = "packages/elm"', 'path = "../../etc"'),
        ('path = "packages/elm"', 'path = "/etc"'),
        ('pythons = ["3.11", "3.13"]', "pythons = []"),
        ('pythons = ["3.11", "3.13"]', 'pythons = ["3.11; rm -rf /"]'),
        ('kind = "ORM"', 'kind = "fast"'),
    ],
)
def test_an_entry_of_the_registry_that_could_be_no_name_is_left_out(
    tree: Any, change: tuple[str, str]
) -> None:
    registry = (tree.root / "backends.toml").read_text("utf-8")
    assert change[0] in registry
    tree.write("backends.toml", registry.replace(*change))
    report = tree.report()
    assert [backend.name for backend in report.backends] == ["raw"]
    assert "was left out" in (source_of(report, "backends.toml").problem or "")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://example.org", 'https://a"b'])
def test_a_link_that_is_no_https_address_is_not_shown(tree: Any, link: str) -> None:
    tree.write(
        "docs/traps.toml",
        f"[[trap]]\nnumber = 1\nlayers = []\nreported = ''\nseen = ''\nstatus = ''\n"
        f"links = ['{link}']\n",
    )
    report = tree.report()
    assert report.traps == []
    assert source_of(report, "docs/traps.toml").state == "partial"
