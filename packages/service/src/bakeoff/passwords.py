"""Hashes and checks passwords with Argon2id (RFC 9106), away from the event loop."""

from __future__ import annotations

import os
import secrets

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from bakeoff.settings import Settings


class Passwords:
    """Each hash and each check takes tens of milliseconds of a thread, by the settings' cost."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost, memory_cost=settings.argon2_memory_kib
        )
        # One hash takes a processor and 64 MiB. More at once would end no sooner, and anyone can
        # ask for them. A CapacityLimiter serves first come, first served.
        self._limit = CapacityLimiter(os.cpu_count() or 1)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """The encoded hash, with a salt of its own."""
        return await to_thread.run_sync(self._hasher.hash, password, limiter=self._limit)

    async def verify(self, encoded: str, password: str) -> bool:
        """Whether the hash is that of the password."""
        return await to_thread.run_sync(self._verify, encoded, password, limiter=self._limit)

    async def decoy(self) -> str:
        """The hash of a password that nobody knows.

        To check against it takes as long as to check a user's, so that the time of an answer does
        not tell whether there is such a user.
        """
        if self._decoy is None:
            self._decoy = await self.hash(secrets.token_urlsafe())
        return self._decoy

    def is_outdated(self, encoded: str) -> bool:
        """Whether the hash was made with another cost than that of the settings."""
        return self._hasher.check_needs_rehash(encoded)

    def _verify(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
