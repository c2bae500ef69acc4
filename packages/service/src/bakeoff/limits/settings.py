"""The settings of the limits."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import NoDecode

_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]")


class LimitsSettings(BaseModel):
    """A part of `Settings`; times are in seconds, and 0 means no limit."""

    rate_limit: str | None = Field(
        default=None,
        description="Requests that one address, and one token, may send: `100 per minute`, "
        "or several such limits with ; between them.",
    )
    body_timeout: float = Field(
        default=30, ge=0, description="The time for a request's body to arrive (0: no limit)."
    )
    header_timeout: float = Field(
        default=10, ge=0, description="The time for a request's headers to arrive (0: no limit)."
    )
    max_header_bytes: int = Field(
        default=64 * 2**10, ge=0, description="The largest URL and headers (0: no limit)."
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default=[], description="Names under which the service may be asked; any if unset."
    )
    security_headers: Literal["off", "on"] = Field(
        default="off", description="Tell browsers to trust an answer no further than it needs."
    )

    @field_validator("rate_limit")
    @classmethod
    def _is_a_rate(cls, value: str | None) -> str | None:
        if value is None:
            return value
        # Only those who use it wait for the import.
        from limits import parse_many

        try:
            rates = parse_many(value)
        except ValueError:
            raise ValueError(
                "must look like `100 per minute`, or `10 per second; 1000 per hour`"
            ) from None
        if not all(rate.amount for rate in rates):
            raise ValueError("must allow one request at least")
        if len({rate.get_expiry() for rate in rates}) < len(rates):
            raise ValueError("must not name two limits for the same time")
        return value

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _hosts_are_separated_by_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return [host.strip().lower() for host in value.split(",") if host.strip()]
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, value: list[str]) -> list[str]:
        if not all(_HOST.fullmatch(host) for host in value):
            raise ValueError("each must look like shop.example, *.shop.example or [::1]")
        return value
