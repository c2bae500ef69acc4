"""Changes made by one statement, and how many rows they met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Insert, Update
from sqlalchemy.ext.asyncio import AsyncSession


async def apply(
    session: AsyncSession,
    statement: Insert | Update | Delete,
    parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
) -> CursorResult[Any]:
    """Run it; objects in the session stay as they are, to be read again where needed."""
    result = await session.execute(
        statement, parameters, execution_options={"synchronize_session": False}
    )
    # Sessions can be told to answer otherwise, so the types do not promise this (sqlalchemy#12913).
    return cast("CursorResult[Any]", result)
