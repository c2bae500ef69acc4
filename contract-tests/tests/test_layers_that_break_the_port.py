"""The layer suite is worth what it refuses: layers that are wrong in one way each must fail it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SUITE = "bakeoff_contract.layer_suite"


@pytest.mark.parametrize(
    ("layer", "test"),
    [
        ("keeps-what-failed", "test_a_block_that_fails_keeps_nothing"),
        ("keeps-what-was-cancelled", "test_a_transaction_that_is_cut_short"),
        ("swallows-cancellations", "test_reads_that_are_cut_short"),
        ("shares-with-children", "test_a_task_begun_inside_a_unit_of_work"),
        ("reads-in-a-transaction", "test_a_read_begins_and_ends_no_transaction"),
        ("reads-in-a-transaction", "test_a_read_sees_what_others_have_committed"),
        ("serves-the-last-first", "test_nobody_who_comes_back_for_more_overtakes"),
        ("leaks", "test_as_many_connections_are_ready"),
        ("tells-parameters", "test_statements_are_logged"),
        ("is-in-another-zone", "test_an_instant_is_kept"),
    ],
)
def test_a_layer_that_is_wrong_in_one_way_fails(
    run_suite: Any, monkeypatch: pytest.MonkeyPatch, layer: str, test: str
) -> None:
    outcome = run_suite(SUITE, "--backend", "raw", "-k", test)
    assert outcome.status == 0, outcome.output
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "broken_layers"))
    outcome = run_suite(SUITE, "--backend", layer, "-k", test)
    assert outcome.status == pytest.ExitCode.TESTS_FAILED, outcome.output
    assert outcome.report["failed"] > 0
    assert outcome.report["backend"] == "raw", "it did not even open"
