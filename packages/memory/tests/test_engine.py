"""Tables and drafts against a dict and `sorted`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_memory.engine.draft import Draft
from bakeoff_memory.engine.rows import Rows
from bakeoff_memory.engine.table import Table

Row = tuple[int, str]
"""The key, and what the row is sorted by."""

KEYS = st.integers(1, 6)
CHANGES = st.lists(st.tuples(KEYS, st.none() | st.sampled_from("abc")), max_size=8)
TRANSACTIONS = st.lists(st.tuples(CHANGES, st.booleans()), max_size=8)


def check(rows: Rows[int, Row], model: dict[int, Row]) -> None:
    """The rows are those of the model, by every way there is to look at them."""
    assert sorted(rows.values()) == sorted(model.values())
    assert list(rows.index("letter")) == sorted((letter, key) for key, letter in model.values())
    assert list(rows.index("key")) == sorted((key,) for key in model)
    for key in range(1, 7):
        assert rows.get(key) == model.get(key)
        assert (key in rows) == (key in model)
        if key in model:
            assert rows[key] == model[key]
        else:
            with pytest.raises(KeyError):
                rows[key]


@given(transactions=TRANSACTIONS)
def test_a_draft_shows_its_changes_and_the_table_shows_those_that_were_committed(
    transactions: list[tuple[list[tuple[int, str | None]], bool]],
) -> None:
    table: Table[int, Row] = Table(key=lambda row: (row[0],), letter=lambda row: (row[1], row[0]))
    committed: dict[int, Row] = {}
    for changes, succeeds in transactions:
        draft = Draft(table)
        model = dict(committed)
        for key, letter in changes:
            if letter is None:
                draft.remove(key)
                model.pop(key, None)
            else:
                draft.put(key, (key, letter))
                model[key] = (key, letter)
            check(draft, model)
            check(table, committed)
        if succeeds:
            draft.commit()
            committed = model
        check(table, committed)
