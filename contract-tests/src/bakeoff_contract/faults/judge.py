"""Holds what is stored after a run against what was answered meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from bakeoff_contract.faults.call import Call
from bakeoff_contract.faults.catalogue import Catalogue
from bakeoff_contract.faults.findings import Findings
from bakeoff_contract.faults.judging_answers import Downtime, judge_answers
from bakeoff_contract.faults.judging_books import judge_changes, judge_creates
from bakeoff_contract.faults.judging_histories import judge_histories
from bakeoff_contract.faults.judging_orders import judge_cancellations, judge_orders, judge_stock
from bakeoff_contract.faults.readback import Stored


def judge(
    calls: Sequence[Call],
    catalogue: Catalogue,
    stored: Stored,
    *,
    limit: float,
    down: Downtime | None = None,
) -> Findings:
    """What was broken.

    `limit` is how many seconds an answer may take; `down` is when the fault had ended the service.
    """
    found = Findings()
    in_order = sorted(calls, key=lambda call: call.called)
    judge_answers(in_order, limit=limit, down=down, found=found)
    judge_creates(in_order, catalogue, stored, found)
    judge_changes(in_order, catalogue, stored, found)
    judge_orders(in_order, stored, found)
    judge_cancellations(in_order, stored, found)
    judge_stock(catalogue, stored, found)
    judge_histories(in_order, catalogue, stored, found)
    return found
