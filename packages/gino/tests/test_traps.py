"""GINO as it comes, falling into a known trap; a test that passes ends its trap.

`docs/traps.md` tells what was reported, and which tests of the contract show that no backend falls.
"""

from __future__ import annotations

import pytest
from gino import Gino
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateTable


@pytest.mark.xfail(reason="trap(7)", strict=True, raises=AssertionError)
def test_an_instant_on_mysql_has_microseconds() -> None:
    db = Gino()
    table = db.Table("moments", db, db.Column("at", db.DateTime()))
    assert "DATETIME(6)" in str(CreateTable(table).compile(dialect=mysql.dialect()))
