"""Refresh tokens: random, kept as a digest alone, and with the scopes of their log-in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from bakeoff_schemas.records import RefreshToken

_RANDOM_BYTES = 32
# Neither in base64url nor in a scope.
_SEPARATOR = "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What the customer gets, and what is kept of it."""

    text: str = field(repr=False)
    record: RefreshToken


def issue(
    user_id: UUID, scopes: Iterable[str], *, family: UUID, at: datetime, lifetime: int
) -> Issued:
    """A new token for this customer; `lifetime` is in seconds.

    Its scopes stand in the token itself: the digest covers them, so nobody can add one.
    """
    text = _SEPARATOR.join([secrets.token_urlsafe(_RANDOM_BYTES), *scopes])
    record = RefreshToken(
        digest=digest(text),
        family=family,
        user_id=user_id,
        created_at=at,
        expires_at=at + timedelta(seconds=lifetime),
    )
    return Issued(text=text, record=record)


def digest(text: str) -> str:
    """What is kept of a token; a fast hash will do for 32 random bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def scopes_of(text: str) -> list[str]:
    """The scopes of a token that was issued."""
    return text.split(_SEPARATOR)[1:]
