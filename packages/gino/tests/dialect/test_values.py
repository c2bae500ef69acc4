"""What is written is what is read, for every type that SQLAlchemy gives SQLite."""

from __future__ import annotations

import enum
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from gino import Gino
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

pytestmark = pytest.mark.anyio


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**63 - 1)
JSON = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | TEXT | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
TYPES: dict[str, tuple[Any, Any]] = {
    "number": (sa.BigInteger, NUMBERS),
    "text": (sa.Unicode, TEXT),
    "real": (sa.Float, st.floats(allow_nan=False)),
    "bytes": (sa.LargeBinary, st.binary()),
    "flag": (sa.Boolean, st.booleans()),
    "moment": (sa.DateTime, st.datetimes(min_value=datetime(1, 1, 1))),
    "day": (sa.Date, st.dates()),
    "hour": (sa.Time, st.times()),
    "span": (
        sa.Interval,
        st.timedeltas(min_value=timedelta(days=-100000), max_value=timedelta(days=100000)),
    ),
    "colour": (sa.Enum(Colour), st.sampled_from(Colour)),
    "uuid": (postgresql.UUID(as_uuid=True), st.uuids()),
    "json": (sa.JSON, JSON.filter(lambda value: value is not None)),
    "pickle": (sa.PickleType, st.frozensets(NUMBERS)),
}
ROWS = st.fixed_dictionaries({name: st.none() | values for name, (_, values) in TYPES.items()})


@pytest.fixture
async def things(make_engine: Any) -> Any:
    db = Gino()
    columns = {name: sa.Column(type_) for name, (type_, _) in TYPES.items()}
    key = sa.Column(sa.Integer, primary_key=True)
    thing = type("Thing", (db.Model,), {"__tablename__": "things", "id": key, **columns})
    db.bind = await make_engine()
    await db.gino.create_all()
    return thing


@given(row=ROWS)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_a_row_comes_back_as_it_was(things: Any, row: dict[str, Any]) -> None:
    made = await things.create(**row)
    assert {name: made.__values__[name] for name in row} == row
    read = await things.get(made.id)
    assert {name: read.__values__[name] for name in row} == row
    table = things.__table__
    same = [
        column == row[column.name]
        for column in table.columns
        if column.name in row and column.name not in ("json", "pickle")
    ]
    assert await things.query.where(sa.and_(table.c.id == made.id, *same)).gino.one()


@given(number=st.decimals(min_value=-(10**9), max_value=10**9, places=4))
@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_decimals_are_kept_to_their_places_as_floats(
    make_engine: Any, number: Decimal
) -> None:
    engine = await make_engine()
    query = sa.select([sa.bindparam("x", type_=sa.Numeric(13, 4))])
    with pytest.warns(sa.exc.SAWarning, match="does \\*not\\* support Decimal"):
        assert await engine.scalar(query, x=number) == number


async def test_values_are_of_their_types(things: Any) -> None:
    made = await things.create(
        flag=True, day=date(2024, 2, 29), hour=time(1, 2, 3, 4), uuid=UUID(int=1), real=1
    )
    read = await things.get(made.id)
    assert (read.flag, type(read.flag)) == (True, bool)
    assert (type(read.day), type(read.hour), type(read.uuid)) == (date, time, UUID)
    assert type(read.real) is float


async def test_text_that_is_no_unicode_is_refused_and_harms_nothing(things: Any) -> None:
    with pytest.raises(UnicodeEncodeError):
        await things.create(text="\ud800")
    with pytest.raises(OverflowError):
        await things.create(number=2**63)
    assert await things.query.gino.all() == []
