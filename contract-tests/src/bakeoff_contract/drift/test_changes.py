"""The check bites: whatever changes on the server alone is named."""

from __future__ import annotations

from bakeoff_contract.drift.beside import Models
from bakeoff_contract.drift.changes import CHANGES
from bakeoff_contract.drift.connecting import connected
from bakeoff_contract.throwaway import throwaway


def test_every_kind_of_change_is_named(models: Models, server: str) -> None:
    with throwaway(server) as database:
        found = models.differences(database)
        for named, statements in CHANGES[models.product]:
            before = set(found)
            with connected(database) as run:
                for statement in statements:
                    run(statement)
            found = models.differences(database)
            assert set(found) - before == named - before, statements
