"""Gives out tokens: for a password, or for a refresh token that was not used before."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Sequence

from bakeoff.auth import refresh_tokens
from bakeoff.auth.access_tokens import AccessTokens
from bakeoff.auth.attempts import Attempts
from bakeoff.auth.refusals import Unauthenticated
from bakeoff.auth.scopes import held, narrowed
from bakeoff.auth.usernames import username_key
from bakeoff.passwords import Passwords
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas import timestamps
from bakeoff_schemas.api import TokenPair
from bakeoff_schemas.errors import NotFound, UnknownReference
from bakeoff_schemas.ports import Store
from bakeoff_schemas.records import Login, RefreshToken

log = logging.getLogger("bakeoff.auth")

_SECONDS_BETWEEN_SWEEPS = 3600


class Grants:
    """The two ways to tokens, and the way to be rid of them."""

    def __init__(
        self,
        work: UnitOfWork,
        passwords: Passwords,
        *,
        access: AccessTokens,
        attempts: Attempts,
        refresh_lifetime: int,
    ) -> None:
        """`refresh_lifetime` is in seconds."""
        self._work = work
        self._passwords = passwords
        self._access = access
        self._attempts = attempts
        self._refresh_lifetime = refresh_lifetime
        self._next_sweep = 0.0

    async def log_in(self, username: str, password: str, *, scope: str, address: str) -> TokenPair:
        """Tokens for a user name and its password.

        A name that nobody has takes the same work and gets the same answer as a wrong password.

        :raises TooManyAttempts: the address has tried too often.
        :raises Unauthenticated: there is no such user, or it is not their password.
        """
        key = username_key(username)
        await self._attempts.count(key or username, address)
        decoy = await self._passwords.decoy()
        login = await self._find(key)
        good = await self._passwords.verify(login.password_hash if login else decoy, password)
        if login is None or not good:
            raise _no_such_login()
        await self._attempts.forget(key or username, address)
        await self._sweep()
        return await self._begin(login, password, scope)

    async def refresh(self, text: str, *, scope: str) -> TokenPair:
        """Tokens for a refresh token, which cannot be used again.

        When it was used before, somebody has a copy of it, and nobody knows who is the thief. So
        all tokens that followed from its log-in are revoked.

        :raises Unauthenticated: it is not known, has expired, or was used before.
        """
        at = timestamps.now()

        async def rotate(store: Store) -> tuple[RefreshToken, TokenPair | None]:
            used, first = await store.tokens.use(refresh_tokens.digest(text), at=at)
            if not first:
                await store.tokens.revoke(used.family)
                return used, None
            login = await store.users.get_login(used.user_id)
            # Who is no administrator any more loses scopes, and nobody gains one.
            original = refresh_tokens.scopes_of(text)
            scopes = [name for name in held(is_admin=login.is_admin) if name in original]
            following = refresh_tokens.issue(
                used.user_id, scopes, family=used.family, at=at, lifetime=self._refresh_lifetime
            )
            await store.tokens.add(following.record)
            return used, self._pair(login, narrowed(scopes, scope), refresh=following.text)

        try:
            used, pair = await self._work.write(rotate)
        except (NotFound, UnknownReference):
            raise _not_refreshed() from None
        if pair is None:
            log.warning("a refresh token came twice: a log-in of user %s was ended", used.user_id)
            raise _not_refreshed()
        return pair

    async def revoke(self, text: str) -> None:
        """End the log-in that a refresh token belongs to; an unknown one is fine (RFC 7009)."""
        at = timestamps.now()

        async def end(store: Store) -> None:
            used, _ = await store.tokens.use(refresh_tokens.digest(text), at=at)
            await store.tokens.revoke(used.family)

        try:
            await self._work.write(end)
        except NotFound:
            return

    async def _find(self, key: str | None) -> Login | None:
        if key is None:
            return None
        return await self._work.read(lambda store: store.users.find_login(key))

    async def _begin(self, login: Login, password: str, scope: str) -> TokenPair:
        """The first tokens of a log-in; a hash of another cost is made anew."""
        outdated = self._passwords.is_outdated(login.password_hash)
        # Before the transaction: nobody should wait for a lock meanwhile.
        password_hash = await self._passwords.hash(password) if outdated else None
        scopes = narrowed(held(is_admin=login.is_admin), scope)
        issued = refresh_tokens.issue(
            login.user.id,
            scopes,
            family=uuid.uuid4(),
            at=timestamps.now(),
            lifetime=self._refresh_lifetime,
        )

        async def keep(store: Store) -> None:
            if password_hash is not None:
                await store.users.set_password_hash(login.user.id, password_hash)
            await store.tokens.add(issued.record)

        try:
            await self._work.write(keep)
        except (NotFound, UnknownReference):
            # The customer was removed a moment ago.
            raise _no_such_login() from None
        return self._pair(login, scopes, refresh=issued.text)

    def _pair(self, login: Login, scopes: Sequence[str], *, refresh: str) -> TokenPair:
        return TokenPair(
            access_token=self._access.issue(login.user.id, scopes),
            expires_in=self._access.lifetime,
            refresh_token=refresh,
            scope=" ".join(scopes),
        )

    async def _sweep(self) -> None:
        """Remove what has expired, now and then."""
        if time.monotonic() < self._next_sweep:
            return
        self._next_sweep = time.monotonic() + _SECONDS_BETWEEN_SWEEPS
        now = timestamps.now()
        await self._work.write(lambda store: store.tokens.delete_expired(before=now))


def _no_such_login() -> Unauthenticated:
    return Unauthenticated("The user name or the password is not right.", error="invalid_grant")


def _not_refreshed() -> Unauthenticated:
    # The same in each case: whoever tries a stolen token learns nothing.
    return Unauthenticated("The refresh token is not valid.", error="invalid_grant")
