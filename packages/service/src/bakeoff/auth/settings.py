"""The settings of authentication."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from bakeoff.auth.keys import Keys

Mode = Literal["off", "writes", "all"]

DEFAULT_ATTEMPTS = "10 per 5 minutes"

_DAY = 24 * 60 * 60


class AuthSettings(BaseModel):
    """Who must show a token, and what the tokens are; times are in seconds."""

    auth: Mode = Field(
        default="off",
        description="What needs a token: nothing (`off`), what changes something (`writes`), "
        "or everything but health, info and metrics (`all`).",
    )
    auth_keys: SecretStr | None = Field(
        default=None,
        description="The keys of access tokens, `ID:SECRET` with commas between them: the first "
        "one signs, all verify.",
    )
    auth_access_lifetime: int = Field(
        default=15 * 60, ge=1, le=_DAY, description="How long an access token is valid."
    )
    auth_refresh_lifetime: int = Field(
        default=30 * _DAY,
        ge=1,
        le=366 * _DAY,
        description="How long after its last refresh a log-in can be refreshed again.",
    )
    auth_audience: str = Field(
        default="bakeoff",
        min_length=1,
        description="Whom access tokens are for; a service takes those for itself alone.",
    )
    auth_attempts: str = Field(
        default=DEFAULT_ATTEMPTS,
        description="How often one address may try to log in as one user; ten times as often "
        "as whomever.",
    )

    @field_validator("auth_keys")
    @classmethod
    def _are_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            Keys.parse(value.get_secret_value())
        return value

    @field_validator("auth_attempts")
    @classmethod
    def _is_a_limit(cls, value: str) -> str:
        if value != DEFAULT_ATTEMPTS:
            # Only those who set it wait for the import of its library.
            from bakeoff.auth.attempts import parse_limits

            parse_limits(value)
        return value

    @model_validator(mode="after")
    def _has_keys_if_on(self) -> Self:
        if self.auth != "off" and self.auth_keys is None:
            raise ValueError(
                f"BAKEOFF_AUTH={self.auth} needs BAKEOFF_AUTH_KEYS, such as 2026-12:SECRET with "
                "a secret of 32 bytes or more (openssl rand -hex 32 makes one)"
            )
        return self
