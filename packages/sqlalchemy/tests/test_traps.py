"""SQLAlchemy as it comes, falling into known traps; a test that passes ends its trap.

`docs/traps.md` tells what was reported, and which tests of the contract show that no backend falls.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from sqlalchemy import Column, MetaData, Numeric, Table, insert, select
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]


class _Base(DeclarativeBase):
    pass


class _Title(_Base):
    __tablename__ = "titles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


@pytest.fixture
async def engine() -> AsyncIterator[AsyncEngine]:
    """In memory, with one row: what is shown here is the same on every database."""
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(_Base.metadata.create_all)
        await connection.execute(insert(_Title).values(id=1, name="100 apples"))
    yield engine
    await engine.dispose()


@pytest.mark.xfail(reason="trap(25)", strict=True, raises=AssertionError)
async def test_an_amount_comes_back_from_sqlite_as_it_was(engine: AsyncEngine) -> None:
    amounts = Table("amounts", MetaData(), Column("amount", Numeric(18, 2)))
    amount = Decimal("1234567890123456.78")
    async with engine.begin() as connection:
        await connection.run_sync(amounts.create)
        await connection.execute(insert(amounts).values(amount=amount))
        assert await connection.scalar(select(amounts.c.amount)) == amount


@pytest.mark.xfail(reason="trap(30)", strict=True, raises=AssertionError)
async def test_a_percent_sign_in_a_search_is_a_percent_sign(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        found = await connection.scalars(select(_Title.id).where(_Title.name.contains("1%s")))
        assert found.all() == []


@pytest.mark.filterwarnings("ignore:coroutine 'Connection.cursor' was never awaited")
@pytest.mark.xfail(reason="trap(35)", strict=True, raises=AssertionError)
async def test_an_object_can_be_read_after_the_commit(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        title = await session.get_one(_Title, 1)
        await session.commit()
        try:
            name = title.name
        except StatementError as error:
            name = str(error)
        # What it was about to wait for is thrown away here, and not in another test.
        gc.collect()
        assert name == "100 apples"
