"""The settings of the cache, and the address of Redis, which other features use too."""

from __future__ import annotations

import re
from typing import Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

# Of the path the client reads the number of a database, and ignores what is none.
_ADDRESS = re.compile(r"rediss?://[^\s/?#]+(/[0-9]*)?(\?[^\s#]*)?")
# The client passes any option on to its connections: a wrong one would fail every request, and a
# timeout would take the place of ours.
_OPTIONS = {"username", "password", "ssl_ca_certs", "ssl_cert_reqs", "ssl_check_hostname"}


class CacheSettings(BaseModel):
    """The part of `Settings` that is about the cache; times are in seconds."""

    redis_url: SecretStr | None = Field(
        default=None, description="A Redis server, for the features that need one."
    )
    cache: Literal["off", "on"] = Field(
        default="off", description="Answer reads of books from Redis where it has them."
    )
    cache_ttl: float = Field(
        default=10,
        gt=0,
        le=300,
        description="How long an answer is kept (±10 %); a write waits so long if Redis hangs.",
    )
    cache_prefix: str = Field(
        default="bakeoff:",
        pattern=r"^[!-~]{1,64}$",
        description="How the keys in Redis begin; the same for all that share a database.",
    )

    @field_validator("redis_url")
    @classmethod
    def _is_an_address_of_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_an_address(value.get_secret_value()):
            raise ValueError(
                "must look like redis://127.0.0.1:6379/0, or rediss:// for TLS; options may be "
                + ", ".join(sorted(_OPTIONS))
            )
        return value

    @model_validator(mode="after")
    def _cache_has_a_server(self) -> Self:
        if self.cache == "on" and self.redis_url is None:
            raise ValueError("BAKEOFF_CACHE=on needs BAKEOFF_REDIS_URL")
        return self


def _is_an_address(written: str) -> bool:
    try:
        parts = urlsplit(written)
        options = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        # A port that is no number is noticed only when it is asked for.
        return bool(_ADDRESS.fullmatch(written)) and parts.port != 0 and options <= _OPTIONS
    except ValueError:
        return False
