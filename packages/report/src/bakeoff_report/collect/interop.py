"""Which backends work together, from `build/interop.json`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from bakeoff_report.inputs import Checkout, shortened
from bakeoff_report.model import Fleet, InteropPair, Origin

INTEROP = "build/interop.json"
COMMAND = "python3.11 run.py interop"


class _Result(BaseModel):
    database: str
    status: str
    tests: Annotated[int, Field(ge=0, le=10**6)]
    why: str | None = None


class _Pair(_Result):
    writer: str
    reader: str


class _Fleet(_Result):
    backends: list[str]


def outcome(checkout: Checkout) -> tuple[list[InteropPair], list[Fleet]]:
    """All pairs and all fleets."""
    content = checkout.json(INTEROP, "whether layers read each other's rows", COMMAND)
    if content is None:
        return [], []
    kinds = content if isinstance(content, dict) else {}
    pairs = [
        InteropPair(**_facts(pair), origin=Origin(file=INTEROP, pointer=where))
        for where, pair in checkout.models(INTEROP, kinds.get("pairs"), _Pair, at="/pairs")
    ]
    fleets = [
        Fleet(**_facts(fleet), origin=Origin(file=INTEROP, pointer=where))
        for where, fleet in checkout.models(INTEROP, kinds.get("fleets"), _Fleet, at="/fleets")
    ]
    return pairs, fleets


def _facts(result: _Pair | _Fleet) -> dict[str, object]:
    facts = result.model_dump()
    return {**facts, "why": shortened(result.why, 500) if result.why else None}
