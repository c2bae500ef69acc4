"""Executed tests of one cell, from the JUnit file that pytest wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from xml.etree import ElementTree

from bakeoff_report.inputs import Checkout, shortened

Outcome = Literal["passed", "failed", "xfailed", "skipped"]
_SUITE_FOLDERS = {"suite": "contract", "layer_suite": "layers"}
_WORST = ("failed", "xfailed", "skipped", "passed")
_MESSAGE_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """One test, with its parameters; its subtests belong to it."""

    module: str
    name: str
    outcome: Outcome
    message: str

    @property
    def id(self) -> str:
        """Without parameters."""
        return f"{self.module}::{self.name.partition('[')[0]}"


def executed(checkout: Checkout, path: str, what: str, command: str | None) -> list[Executed]:
    """Every test once: a case that is reported several times has its worst outcome."""
    root = checkout.junit(path, what, command)
    if root is None:
        return []
    found: dict[tuple[str, str], Executed] = {}
    unknown = 0
    for case in root.iter("testcase"):
        test = _test(case)
        if test is None:
            unknown += 1
            continue
        before = found.get((test.module, test.name))
        if before is None or _WORST.index(test.outcome) < _WORST.index(before.outcome):
            found[test.module, test.name] = test
    if unknown:
        checkout.complain(path, f"{unknown} cases in it belong to no suite, and were left out.")
    made = _timestamp(root)
    if made is not None:
        checkout.describe(path, made=made)
    return [*found.values()]


def _test(case: ElementTree.Element) -> Executed | None:
    steps = case.get("classname", "").split(".")
    suite = _SUITE_FOLDERS.get(steps[-2]) if len(steps) > 1 else None
    name = shortened(case.get("name", ""), 200)
    if suite is None or not re.fullmatch(r"test_\w{1,100}", steps[-1]) or not name:
        return None
    outcome, message = _outcome(case)
    return Executed(module=f"{suite}/{steps[-1]}.py", name=name, outcome=outcome, message=message)


def _outcome(case: ElementTree.Element) -> tuple[Outcome, str]:
    for child in case:
        if child.tag in ("failure", "error"):
            return "failed", _message(child)
        if child.tag == "skipped":
            expected = child.get("type") == "pytest.xfail"
            return ("xfailed" if expected else "skipped"), _message(child)
    return "passed", ""


def _message(child: ElementTree.Element) -> str:
    return shortened(child.get("message") or child.text or "", _MESSAGE_LIMIT)


def _timestamp(root: ElementTree.Element) -> datetime | None:
    suites: Iterator[ElementTree.Element] = root.iter("testsuite")
    try:
        made = datetime.fromisoformat(next(suites).get("timestamp", ""))
    except (StopIteration, ValueError):
        return None
    return made if made.tzinfo else None
