"""Whether some order of all requests explains what each of them was answered."""

from __future__ import annotations

from collections.abc import Sequence

from bakeoff_contract.faults.call import Call
from bakeoff_contract.faults.catalogue import Catalogue
from bakeoff_contract.faults.findings import Findings
from bakeoff_contract.faults.history import operations
from bakeoff_contract.faults.readback import Stored
from bakeoff_contract.histories.checking import check
from bakeoff_contract.histories.search import Outcome


def judge_histories(
    calls: Sequence[Call], catalogue: Catalogue, stored: Stored, found: Findings
) -> None:
    """The versions and the stock of every book are linearizable."""
    for verdict in check(operations(calls, catalogue, stored)):
        if verdict.outcome is Outcome.VIOLATED:
            found.stale.append(str(verdict))
        elif verdict.outcome is not Outcome.LINEARIZABLE:
            found.other.append(f"the history is not decided: {verdict}")
