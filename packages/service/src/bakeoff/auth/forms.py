"""The forms of a refresh and of a revocation; that of a log-in is FastAPI's."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class RefreshForm(BaseModel):
    """A refresh (RFC 6749, section 6); other fields are ignored, as it says."""

    grant_type: Literal["refresh_token"]
    refresh_token: str = Field(repr=False)
    scope: str = Field(default="", description="Some of the scopes, with spaces; empty for all.")


class RevokeForm(BaseModel):
    """A revocation (RFC 7009, section 2.1); other fields are ignored."""

    token: str = Field(repr=False, description="A refresh token; any other ends nothing.")
