"""Whether the answers themselves are those of the contract, and in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bakeoff_contract.faults.call import Call, Kind
from bakeoff_contract.faults.findings import Findings

_SUCCESS: Mapping[Kind, int] = {
    "read": 200,
    "page": 200,
    "create": 201,
    "change": 200,
    "order": 201,
    "cancel": 200,
}
# Besides 503 `unavailable`, which says nothing of the outcome.
_REFUSALS: Mapping[Kind, frozenset[str]] = {
    "read": frozenset(),
    "page": frozenset(),
    "create": frozenset(),
    "change": frozenset({"stale"}),
    "order": frozenset({"insufficient-stock"}),
    "cancel": frozenset({"order-already-cancelled"}),
}


@dataclass(frozen=True, slots=True)
class Downtime:
    """From when to when there was no service; it accepts no connections, or closes them."""

    began: float
    ended: float

    def hits(self, call: Call) -> bool:
        """Whether the call was under way at any time of it."""
        return call.called <= self.ended and call.ended >= self.began


def judge_answers(
    calls: Sequence[Call], *, limit: float, down: Downtime | None, found: Findings
) -> None:
    """Every request has an answer that its operation may have, within `limit` seconds."""
    unknown: set[str | None] = set()
    late = []
    for call in calls:
        if call.ended - call.called > limit:
            late.append(call)
        if not _is_expected(call, down, unknown):
            found.expect_not(call.outcome, _described(call))
        if call.sent.kind == "cancel" and call.is_indefinite:
            unknown.add(call.sent.order)
    if late:
        slowest = max(late, key=lambda call: call.milliseconds)
        found.other.append(
            f"{len(late)} answers took longer than {limit:g} s, the slowest "
            f"{slowest.milliseconds / 1000:.1f} s: {_described(slowest)}"
        )


def _is_expected(call: Call, down: Downtime | None, unknown: set[str | None]) -> bool:
    if call.status is None:
        return down is not None and call.no_answer != "timed out" and down.hits(call)
    if call.malformed is not None:
        return False
    if call.problem is None:
        return call.status == _SUCCESS[call.sent.kind]
    if call.problem == "order-already-cancelled" and call.sent.order not in unknown:
        return False
    return call.problem == "unavailable" or call.problem in _REFUSALS[call.sent.kind]


def _described(call: Call) -> str:
    what = f"{call.sent.kind} of client {call.client}"
    details = [detail for detail in (call.problem, call.malformed) if detail is not None]
    return f"{what}, {call.outcome}" + (f" ({'; '.join(details)})" if details else "")
