"""`bakeoff-bench scenarios`."""

from __future__ import annotations

from rich.table import Table

from bakeoff_bench.arms.catalogue import ARMS
from bakeoff_bench.cli import console
from bakeoff_bench.scenarios import SCENARIOS


def scenarios() -> None:
    """List what can be measured: the scenarios, and the arms that do them."""
    done = Table("scenario", "what one operation is")
    for scenario in SCENARIOS:
        done.add_row(scenario.name, scenario.description)
    doing = Table("arm", "kind", "needs", "on", "what it is")
    for arm in ARMS:
        doing.add_row(arm.name, arm.kind, arm.backend, ", ".join(arm.databases), arm.description)
    console.show(done, doing)
