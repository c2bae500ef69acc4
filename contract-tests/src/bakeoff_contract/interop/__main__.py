"""Proves that backends work together: `python -m bakeoff_contract.interop --help`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bakeoff_contract.interop.processes import Services, running
from bakeoff_contract.throwaway import SQLITE, throwaway

# Tests of the contract whose rows another layer could misread, sort or change wrongly.
PAIR_TESTS: Mapping[str, Sequence[str]] = {
    "attributes": ["attributes_of_many_books_in_one_list_are_objects"],
    "authors": [
        "any_day_of_the_calendar_is_a_birthday",
        "a_new_name_shows_in_the_books",
        "a_removed_author_is_gone",
    ],
    "books": [
        "values_at_the_bounds_are_kept",
        "an_isbn_belongs_to_one_book",
        "a_removed_book_is_gone_with_its_tags",
        "a_book_that_was_ordered_stays_even_when_the_order_was_cancelled",
        "many_books_of_one_list_each_carry_their_own_author_and_tags",
    ],
    "export": ["the_export_holds_every_book_by_id_as_a_read_answers_it"],
    "filters": ["all_filters_hold_at_once_in_every_sort"],
    "money": ["every_cent_survives", "price_filters_are_exact_and_inclusive"],
    "orders": [
        "the_price_is_that_of_the_moment_of_the_order",
        "cancelling_puts_the_copies_back_once",
        "a_replay_after_a_cancellation_answers_the_order_as_it_is_now",
        "the_longest_key_of_any_visible_characters_is_taken",
    ],
    "put_and_patch": [
        "put_replaces_everything",
        "patch_changes_one_field_and_no_other",
        "patch_replaces_attributes_as_a_whole",
    ],
    "reports": [
        "revenue_beyond_what_a_float_can_hold_is_exact",
        "cancelled_orders_are_left_out",
        "prices_are_reported_by_tag",
    ],
    "search": ["search_follows_every_way_a_title_can_change"],
    "sorting": ["each_sort_orders_ties_by_id_and_puts_nulls_last", "titles_sort_by_code_point"],
    "tags": ["tags_are_answered_by_code_point", "a_tag_taken_from_one_book_stays_with_the_others"],
    "text": ["text_comes_back_exactly_as_sent"],
    "upsert": ["a_known_isbn_replaces_everything_but_keeps_the_id"],
    "users": [
        "a_new_user_is_answered_with_201_and_a_location_that_works",
        "a_removed_user_is_gone_and_their_name_is_free",
    ],
}
NODES = [
    *(
        f"bakeoff_contract.suite.test_{module}::test_{name}"
        for module, names in PAIR_TESTS.items()
        for name in names
    ),
    "bakeoff_contract.suite.test_two_services",
]
FLEET = "bakeoff_contract.interop.test_fleet"
KINDS = ("pairs", "fleets")

Result = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Test the backends on one database; 0 if all tests passed."""
    options = _parser().parse_args(arguments)
    # nox and CI stop a run with SIGTERM; databases and services must be removed even then.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    pythons: dict[str, Path] = dict(options.backend)
    only = options.only or KINDS
    server = os.environ.get(f"BAKEOFF_TEST_{options.database.upper()}_URL", SQLITE)
    results: dict[str, list[Result]] = {kind: [] for kind in KINDS}
    with throwaway(server) as made:
        with running(pythons, made.url, logs=options.logs) as services:
            if "pairs" in only:
                for writer in pythons:
                    readers = [name for name in pythons if name != writer]
                    done = _test(services, [writer, *readers], NODES, logs=options.logs)
                    results["pairs"] += pairs(writer, readers, done, urls=services.urls)
            if "fleets" in only and len(pythons) > 1:
                done = _test(services, list(pythons), [FLEET], logs=options.logs)
                results["fleets"].append({"backends": list(pythons)} | done.result(done.failures))
        for result in (*results["pairs"], *results["fleets"]):
            result["database"] = options.database
            _blame(result, services.faults)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    statuses = {result["status"] for kind in results.values() for result in kind}
    return 0 if statuses == {"passed"} else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a run of tests ended: how many passed, and a sentence for each failure."""

    passed: int
    failures: Sequence[str]

    def result(self, failures: Sequence[str]) -> Result:
        """The result of a part of the services, to which these failures belong."""
        status = "failed" if failures else "passed"
        return {"tests": self.passed, "status": status, "why": next(iter(failures), None)}


def pairs(
    writer: str, readers: Sequence[str], done: Run, *, urls: Mapping[str, str]
) -> Iterator[Result]:
    """A result for each pair: a failure that names readers is theirs, any other is everybody's."""
    named = {name: f"{urls[name]}/" for name in readers if name in urls}
    for reader in readers:
        about = {"writer": writer, "reader": reader}
        if reader not in named:
            yield about | {"tests": 0, "status": "failed", "why": None}
            continue
        failures = [
            failure
            for failure in done.failures
            if named[reader] in failure or not any(url in failure for url in named.values())
        ]
        yield about | done.result(failures)


def run_tests(urls: Sequence[str], nodes: Sequence[str], *, report: Path) -> Run:
    """Run tests against the first service and its peers, in this process.

    :raises KeyboardInterrupt: pytest was interrupted.
    """
    report.unlink(missing_ok=True)
    arguments = ["-q", "--tb=short", "--contract-report", str(report), "--base-url", urls[0]]
    for plugin in ("cacheprovider", "schemathesis", "hypothesispytest"):
        arguments += ["-p", f"no:{plugin}"]
    # This package is imported before pytest could rewrite its assertions; the suite is not.
    arguments += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
    for url in urls[1:]:
        arguments += ["--peer-url", url]
    ended = pytest.main([*arguments, "--pyargs", *nodes])
    if ended == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    facts = json.loads(report.read_text("utf-8"))
    failures = [f"{failure['test']}: {failure['message']}" for failure in facts["failures"]]
    if facts["status"] != "passed":
        failures = failures or [f"pytest ended with {ended}"]
    return Run(passed=facts["passed"], failures=failures)


def _test(services: Services, names: list[str], nodes: Sequence[str], *, logs: Path) -> Run:
    """Run tests with those that have started; results of the others are failures already."""
    started = [name for name in names if name in services.urls]
    if len(started) < 2 or started[0] != names[0]:
        return Run(passed=0, failures=[])
    sys.stdout.write(f"{' + '.join(started)}\n")
    return run_tests([services.urls[name] for name in started], nodes, report=logs / "tests.json")


def _blame(result: Result, faults: Mapping[str, str]) -> None:
    """Fail a result if one of its services did not start, logged an error or did not stop."""
    names = result.get("backends") or [result["writer"], result["reader"]]
    for name in names:
        if name in faults:
            result["status"] = "failed"
            result["why"] = result["why"] or f"{name} {faults[name]}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bakeoff_contract.interop", description=__doc__)
    parser.add_argument(
        "--backend",
        metavar="NAME=PYTHON",
        action="append",
        required=True,
        type=_backend,
        help="a backend, and the Python of the environment that it is installed in",
    )
    parser.add_argument(
        "--database",
        metavar="NAME",
        required=True,
        help="sqlite, or one whose server BAKEOFF_TEST_<NAME>_URL names",
    )
    parser.add_argument(
        "--only", choices=KINDS, action="append", help="pairs, or the mixed fleet; default: both"
    )
    parser.add_argument("--report", metavar="FILE", type=Path, required=True, help="the results")
    parser.add_argument(
        "--logs", metavar="FOLDER", type=Path, required=True, help="the logs of the services"
    )
    return parser


def _backend(written: str) -> tuple[str, Path]:
    name, equals, python = written.partition("=")
    if not (name and equals and python):
        raise argparse.ArgumentTypeError(f"{written!r} must look like NAME=PYTHON")
    # Not resolved: the path of the link, not its target, selects the environment.
    return name, Path(python).absolute()


if __name__ == "__main__":
    sys.exit(main())
