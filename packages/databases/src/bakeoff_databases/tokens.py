"""The refresh tokens."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, select, update

from bakeoff_databases.engine.inserts import insert_rows
from bakeoff_databases.engine.prepared import Change, Prepared, new, to_new
from bakeoff_databases.engine.session import Session
from bakeoff_databases.tables import REFRESH_TOKENS, to_token
from bakeoff_schemas.errors import BrokenReference, NotFound, UnknownReference
from bakeoff_schemas.records import RefreshToken

_KNOWN = and_(
    REFRESH_TOKENS.c.digest == bindparam("token"), REFRESH_TOKENS.c.expires_at > bindparam("at")
)
_ONE = Prepared(select(REFRESH_TOKENS).where(_KNOWN))
# Of any number at once, one finds the token unused.
_USE = Change(
    update(REFRESH_TOKENS)
    .where(_KNOWN, REFRESH_TOKENS.c.used_at.is_(None))
    .values(new(REFRESH_TOKENS, ["used_at"]))
)
_REVOKE = Prepared(delete(REFRESH_TOKENS).where(REFRESH_TOKENS.c.family == bindparam("revoked")))
_DELETE_EXPIRED = Change(
    delete(REFRESH_TOKENS).where(REFRESH_TOKENS.c.expires_at < bindparam("before"))
)


class Tokens:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, token: RefreshToken) -> None:
        row = {
            "digest": token.digest,
            "family": token.family,
            "user_id": token.user_id,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        }
        try:
            await insert_rows(self._session, REFRESH_TOKENS, [row])
        except BrokenReference:
            raise UnknownReference("user_id", token.user_id) from None

    async def use(self, digest: str, *, at: datetime) -> tuple[RefreshToken, bool]:
        which = {"token": digest, "at": at}
        used = await _USE.run(self._session, {**which, **to_new({"used_at": at})})
        row = await self._session.fetch_one(_ONE, which)
        if row is None:
            raise NotFound("refresh token")
        return to_token(row), bool(used)

    async def revoke(self, family: UUID) -> None:
        await self._session.execute(_REVOKE, {"revoked": family})

    async def delete_expired(self, *, before: datetime) -> int:
        return await _DELETE_EXPIRED.run(self._session, {"before": before})
