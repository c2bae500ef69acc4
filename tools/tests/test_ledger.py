"""Marks, entries, canaries, traps and tests must name each other; each that does not is found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff_tasks import ledger, registry
from bakeoff_tasks.registry import Backend

SOURCE = '"""Sends lists.\n\nworkaround(some-lists): it writes none.\n"""\n'
ENTRY = """
[some-lists]
layer = "some"
seen = "some 1.2.3"
what = "It writes none."
instead = "We do."
upstream = ["https://github.com/some/some/issues/1"]
trap = [1]
canary = "test_a_list"
"""
CANARY = """
import pytest

@pytest.mark.xfail(reason="workaround(some-lists)", strict=True, raises=TypeError)
async def test_a_list(): ...

def trap(number):
    return pytest.mark.xfail(reason=f"trap({number})", strict=True)

@trap(2)
def test_a_trap(): ...
"""
TRAPS = """
[[trap]]
number = 1
layers = ["some"]
reported = "Lists are not written."
links = []
seen = "some 1.2.3 does not."
status = "reproduced"

[[trap]]
number = 2
layers = ["other"]
reported = "It stops."
links = ["https://github.com/other/other/issues/2"]
seen = "other 3.4 does."
status = "reproduced"
"""
SUITE = """
import pytest

@pytest.mark.trap(1)
def test_lists(): ...

@pytest.mark.needs("fault_injection")
@pytest.mark.trap(2)
async def test_it_goes_on(): ...
"""
FILES = {
    "source": ("packages/raw/src/bakeoff_raw/lists.py", SOURCE),
    "entry": ("packages/raw/workarounds.toml", ENTRY),
    "canary": ("packages/raw/tests/test_workarounds.py", CANARY),
    "traps": ("docs/traps.toml", TRAPS),
    "suite": ("contract-tests/src/bakeoff_contract/layer_suite/test_lists.py", SUITE),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project in which everything fits together."""
    for place, text in FILES.values():
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    problems(tmp_path, write=True)
    return tmp_path


def problems(root: Path, *, write: bool = False) -> list[str]:
    original = next(backend for backend in registry.backends() if backend.name == "raw")
    backend: Backend = replace(original, path=root / "packages/raw")
    return ledger.problems([backend], write=write, root=root)


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / FILES[file][0]
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    problems(root, write=True)


def test_what_fits_together_has_no_problems(project: Path) -> None:
    assert problems(project) == []


def test_the_ledger_is_written_for_others_to_read(project: Path) -> None:
    content = json.loads((project / "build/workarounds.json").read_text(encoding="utf-8"))
    (entry,) = content["workarounds"]
    assert entry["backend"] == "raw"
    assert entry["marks"] == ["packages/raw/src/bakeoff_raw/lists.py:3"]
    assert entry["test"] == "packages/raw/tests/test_workarounds.py"


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("source", "(some-lists)", "(more)", "lists.py:3: workaround(more) has no entry"),
        ("source", "workaround(some-lists)", "by hand", "has no mark `workaround(some-lists):`"),
        ("entry", 'canary = "test_a_list"', 'canary = "test_it"', "has the canary test_it, which"),
        ("entry", "some 1.2.3", "the newest", "needs a version in `seen`"),
        ("entry", 'what = "It writes none."', "", "needs `what`, a text"),
        ("entry", "upstream = [", "links = [", "needs `upstream`, a list"),
        ("entry", "https://", "see ", "which is no address"),
        ("entry", "trap = [1]", "trap = [1, 9]", "answers trap 9, of which none knows"),
        ("entry", "trap = [1]", "trap = []", "trap 1 is said to be reproduced, and no canary"),
        ("canary", "strict=True, raises", "raises", "test_a_list, which must be strict=True"),
        ("canary", "(some-lists)", "(more)", "which names workaround(more)"),
        ("canary", "@trap(2)", "@trap(7)", "is about trap 7; none knows it"),
        ("canary", "@trap(2)", "", "trap 2 is said to be reproduced, and no canary shows it"),
        ("suite", "trap(1)", "other(1)", "trap 1 is answered by no test with @pytest.mark.trap(1)"),
        ("traps", "number = 2", "number = 3", "expected the numbers from 1"),
        ("traps", '"reproduced"\n\n', '"maybe"\n\n', "trap 1 has the status 'maybe'"),
    ],
)
def test_what_does_not_fit_is_named(
    project: Path, file: str, old: str, new: str, problem: str
) -> None:
    edit(project, file, old, new)
    assert problem in "\n".join(problems(project))


def test_a_trap_that_is_not_seen_any_more_must_have_no_canary(project: Path) -> None:
    edit(project, "traps", 'other 3.4 does."\nstatus = "re', 'It does not."\nstatus = "not re')
    assert problems(project) == [
        "docs/traps.toml: trap 2 is said not to be reproduced, and a canary shows it"
    ]


@pytest.mark.parametrize("page", ["docs/workarounds.md", "docs/traps.md"])
def test_a_stale_page_is_named_and_rewritten_with_write(project: Path, page: str) -> None:
    (project / page).write_text("Something else.\n", encoding="utf-8")
    assert problems(project) == [f"{page} is stale: nox -s workarounds -- --write"]
    assert problems(project, write=True) == []
    assert problems(project) == []


def test_the_pages_lead_from_a_trap_to_its_tests_and_canaries(project: Path) -> None:
    page = (project / "docs/traps.md").read_text(encoding="utf-8")
    assert "`layer_suite/test_lists.py::test_it_goes_on`" in page
    assert "`packages/raw/tests/test_workarounds.py::test_a_trap`" in page
    assert "`some-lists` (raw)" in page
    assert "some 1.2.3" in (project / "docs/workarounds.md").read_text(encoding="utf-8")
