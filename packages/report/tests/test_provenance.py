"""Every number of `report.json` is in the file that it names, or follows from it by its rule."""

from __future__ import annotations

import gzip
import json
import random
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bakeoff_bench.results import statistics
from bakeoff_bench.results.model import Ran
from bakeoff_report.collect.code import Sources
from bakeoff_report.collect.lines import code_lines, is_team
from bakeoff_report.inputs import Checkout, resolve
from bakeoff_report.model import Report

ROOT = Path(__file__).parents[3]
NUMBERS = 50


@cache
def document(file: str) -> Any:
    content = (ROOT / file).read_bytes()
    if file.endswith(".gz"):
        content = gzip.decompress(content)
    return tomllib.loads(content.decode()) if file.endswith(".toml") else json.loads(content)


def restarts(slices: Any) -> list[list[Ran]]:
    return [[Ran.model_validate(one) for one in restart] for restart in slices]


def of_raw(file: str, pointer: str) -> list[list[Ran]]:
    """The slices of raw in the place of this measurement."""
    found = resolve(document(file), pointer.removesuffix("/restarts"))
    place = ("table", "database", "books", "scenario", "tasks")
    (raw,) = [
        one
        for one in document(file)["measurements"]
        if one["arm"] == "raw" and all(one[name] == found[name] for name in place)
    ]
    return restarts(raw["restarts"])


def lines(file: str, rule: str) -> int:
    sources = Sources(Checkout(ROOT))
    if rule == "lines-taught":
        module = sources.module(file)
        assert module is not None
        return code_lines(module)
    counts = {
        path: code_lines(module)
        for path in sources.checkout.paths(f"{file}/**/*.py")
        if (module := sources.module(path)) is not None
    }
    wanted = rule == "lines-team"
    return sum(count for path, count in counts.items() if is_team(path, file) is wanted)


def check_interval(number: dict[str, Any], origin: dict[str, Any]) -> None:
    shown = [number[name] for name in ("value", "low", "high")]
    file, pointer, rule = origin["file"], origin["pointer"], origin["rule"]
    found = resolve(document(file), pointer)
    if rule == "baseline":
        assert found["arm"] == "raw"
        expected = [1, 1, 1]
    elif rule == "inverse":
        expected = [1 / found["value"], 1 / found["high"], 1 / found["low"]]
    elif rule in ("cpu-ratio", "time-ratio"):
        server = "database" in number
        cpu = statistics.server_cpu_ratio if server else statistics.cpu_ratio
        arm, raw = restarts(found), of_raw(file, pointer)
        if rule == "cpu-ratio":
            ratio = cpu(arm, raw)
            assert ratio is not None
            expected = [ratio.value, ratio.low, ratio.high]
        else:
            ratio = statistics.ratio(arm, raw)
            expected = [1 / ratio.value, 1 / ratio.high, 1 / ratio.low]
    else:
        assert rule is None
        expected = [found[name] for name in ("value", "low", "high")]
    assert shown == pytest.approx(expected)


def check_figure(number: dict[str, Any], origin: dict[str, Any]) -> None:
    file, pointer, rule = origin["file"], origin["pointer"], origin["rule"]
    if rule and rule.startswith("lines-"):
        assert number["value"] == lines(file, rule)
        return
    if rule == "installed":
        (packages,) = (ROOT / file).glob("lib/python3.*/site-packages")
        there = [*packages.glob("*.dist-info")]
        # All that is there, the service among it, bounds what the backend needs of it.
        assert number["value"] > 1
        assert number["unit"] == "bytes" or number["value"] <= len(there)
        return
    found = resolve(document(file), pointer)
    if rule is None:
        assert number["value"] == found
    elif rule == "count":
        assert number["value"] == len(found)
    elif rule == "milliseconds":
        assert number["value"] == found / 1e6
    else:
        name = {"cpu-time": "cpu_ns", "server-cpu-time": "server_cpu_ns"}[rule]
        slices = [one for restart in found for one in restart]
        operations = sum(one["operations"] for one in slices)
        assert number["value"] == pytest.approx(sum(one[name] for one in slices) / operations / 1e3)


def check_executed(cell: dict[str, Any]) -> None:
    """Counted anew, case by case."""
    cases: dict[tuple[str, str], bool] = {}
    for origin in cell["origins"]:
        if origin["rule"] == "counted":
            found = document(origin["file"])
            counts = [found[name] for name in ("passed", "failed", "xfailed")]
            assert (cell["executed"], cell["passed"]) == (sum(counts), counts[0])
            return
        assert origin["rule"] == "executed"
        suite, _, module = origin["pointer"].partition("/")
        folder = {"contract": ".suite.", "layers": ".layer_suite."}[suite]
        for case in ElementTree.parse(ROOT / origin["file"]).iter("testcase"):
            name = case.get("classname", "")
            if folder in f"{name}." and module in ("*", f"{name.rpartition('.')[2]}.py"):
                skipped = case.find("skipped")
                if skipped is None or skipped.get("type") == "pytest.xfail":
                    key = (name, case.get("name", ""))
                    cases[key] = cases.get(key, True) and len(case) == 0
    assert (cell["executed"], cell["passed"]) == (len(cases), sum(cases.values()))


def check_fault(number: dict[str, Any], origin: dict[str, Any]) -> None:
    found = resolve(document(origin["file"]), origin["pointer"])
    assert origin["rule"] is None
    assert (found["name"], found["status"]) == (number["fault"], number["status"])
    assert {name: found[name] for name in number["figures"]} == number["figures"]


def numbers(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Whatever has an origin and a number."""
    if isinstance(node, list):
        for one in node:
            yield from numbers(one)
    elif isinstance(node, dict):
        if {"origin", "value"} <= node.keys():
            yield ("interval" if "low" in node else "figure"), node
        elif node.get("executed") and node.get("capability") != "interop":
            yield "executed", node
        elif {"fault", "figures", "origin"} <= node.keys() and node["figures"]:
            yield "fault", node
        elif {"reader", "tests", "origin"} <= node.keys() or {"fleets", "origin"} <= node.keys():
            yield "tests", node
        for one in node.values():
            yield from numbers(one)


def test_fifty_numbers_taken_at_random_are_in_the_files_they_name(whole: Report) -> None:
    content = json.loads(whole.model_dump_json())
    found = [*numbers(content)]
    assert len(found) > NUMBERS
    sources = {source["path"] for source in content["sources"]}
    rules = {rule["id"] for rule in content["rules"]}
    seed = random.SystemRandom().randrange(10**9)
    for kind, number in random.Random(seed).sample(found, NUMBERS):
        origins = [number["origin"]] if "origin" in number else number["origins"]
        where = f"{kind} {number} with the seed {seed}"
        for origin in origins:
            assert origin["file"] in sources or (ROOT / origin["file"]).is_dir(), where
            assert origin["rule"] is None or origin["rule"] in rules, where
        try:
            if kind == "interval":
                check_interval(number, number["origin"])
            elif kind == "figure":
                check_figure(number, number["origin"])
            elif kind == "fault":
                check_fault(number, number["origin"])
            elif kind == "tests":
                pair = resolve(document(number["origin"]["file"]), number["origin"]["pointer"])
                assert number["tests"] == pair["tests"]
            else:
                check_executed(number)
        except (AssertionError, LookupError, ValueError) as error:
            raise AssertionError(where) from error


def test_every_number_that_is_quickly_looked_up_is_in_the_file_it_names(whole: Report) -> None:
    # Without those that are bootstrapped again, and those for which a whole package is read.
    slow = {"cpu-ratio", "time-ratio", "installed", "lines-team", "lines-engine", "lines-taught"}
    checked = 0
    for kind, number in numbers(json.loads(whole.model_dump_json())):
        if kind in ("interval", "figure") and number["origin"]["rule"] not in slow:
            check = check_interval if kind == "interval" else check_figure
            try:
                check(number, number["origin"])
            except (AssertionError, LookupError, ValueError) as error:
                raise AssertionError(number) from error
            checked += 1
    assert checked > NUMBERS


def test_every_origin_names_a_file_of_the_report_and_a_rule_that_is_shown(whole: Report) -> None:
    content = json.loads(whole.model_dump_json())
    sources = {source["path"] for source in content["sources"]}
    rules = {rule["id"] for rule in content["rules"]}
    for origin in origins(content):
        assert origin["file"] in sources or (ROOT / origin["file"]).is_dir(), origin
        assert origin["rule"] is None or origin["rule"] in rules, origin


def origins(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.keys() == {"file", "pointer", "rule"}:
            yield node
        for one in node.values():
            yield from origins(one)
    elif isinstance(node, list):
        for one in node:
            yield from origins(one)


def test_every_run_says_when_where_and_from_which_commit_it_is(whole: Report) -> None:
    runs = [source for source in whole.sources if source.name is not None]
    assert runs
    for run in runs:
        assert run.made is not None
        assert run.machine
        assert run.versions
        assert run.name == "yours" or run.commit


def test_a_change_of_a_number_is_noticed(whole: Report) -> None:
    # The test above must be able to fail.
    content = json.loads(whole.model_dump_json())
    for kind, check in (("interval", check_interval), ("figure", check_figure)):
        number = next(one for found, one in numbers(content) if found == kind)
        number["value"] += 1
        with pytest.raises(AssertionError):
            check(number, number["origin"])
