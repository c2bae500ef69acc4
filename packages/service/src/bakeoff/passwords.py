"""Hashes passwords with Argon2id (RFC 9106), away from the event loop."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher

from bakeoff.settings import Settings


class Passwords:
    """Makes the hashes that are stored."""

    def __init__(self, settings: Settings) -> None:
        """The costs come from the settings."""
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost, memory_cost=settings.argon2_memory_kib
        )

    async def hash(self, password: str) -> str:
        """The encoded hash; takes tens of milliseconds of a thread."""
        return await asyncio.to_thread(self._hasher.hash, password)
