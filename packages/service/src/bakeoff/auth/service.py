"""What authentication needs besides the data, made once for each application that has it on."""

from __future__ import annotations

from dataclasses import dataclass

from limits.aio.storage import Storage

from bakeoff.auth.access_tokens import AccessTokens
from bakeoff.auth.attempts import Attempts, parse_limits
from bakeoff.auth.grants import Grants
from bakeoff.auth.keys import Keys
from bakeoff.context import Context
from bakeoff.limits.storage import close_storage, make_storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """The tokens, and the ways to them."""

    access: AccessTokens
    grants: Grants
    storage: Storage

    @classmethod
    def of(cls, context: Context) -> Auth:
        """By the settings, which have keys.

        :raises ValueError: the attempts are counted in Redis, whose client is not installed.
        """
        settings = context.settings
        assert settings.auth_keys is not None
        access = AccessTokens(
            Keys.parse(settings.auth_keys.get_secret_value()),
            audience=settings.auth_audience,
            lifetime=settings.auth_access_lifetime,
        )
        storage = make_storage(settings)
        grants = Grants(
            context.work,
            context.passwords,
            access=access,
            attempts=Attempts(storage, limits=parse_limits(settings.auth_attempts)),
            refresh_lifetime=settings.auth_refresh_lifetime,
        )
        return cls(access=access, grants=grants, storage=storage)

    async def close(self) -> None:
        """Close the connections of the storage of attempts."""
        await close_storage(self.storage)
