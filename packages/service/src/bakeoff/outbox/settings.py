"""The settings of live updates and background work."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator


class OutboxSettings(BaseModel):
    """What is told of changes, to whom, and how often it is tried; times are in seconds."""

    outbox: Literal["off", "on"] = Field(
        default="off",
        description="Write a message with every change of a book and every order.",
    )
    outbox_poll: float = Field(
        default=1,
        gt=0,
        description="How often each process looks for messages that nobody woke it for.",
    )
    outbox_keep: float = Field(
        default=7 * 24 * 3600,
        ge=1,
        description="How long messages are kept, so that a client can resume after them.",
    )
    outbox_attempts: int = Field(
        default=8, ge=1, description="Attempts at a message before it is a dead letter."
    )
    outbox_backoff: float = Field(
        default=5,
        gt=0,
        description="The pause after the first failed attempt; it doubles with each, to an hour.",
    )
    outbox_lease: float = Field(
        default=60,
        gt=0,
        description="How long a message belongs to the worker that took it, which may have died.",
    )
    live_clients: int = Field(
        default=1000,
        ge=1,
        description="Clients that may follow the changes at once, in each process.",
    )
    live_queue: int = Field(
        default=2000,
        ge=1,
        description="Changes that wait for a slow client before it is disconnected.",
    )
    worker: Literal["off", "on"] = Field(
        default="off", description="Do the background work in the processes that serve."
    )
    confirmation_url: SecretStr | None = Field(
        default=None,
        description="Where the confirmation of each order is posted; it is logged if unset.",
    )
    confirmation_timeout: float = Field(
        default=10, gt=0, description="The time for one attempt to post a confirmation."
    )

    @field_validator("confirmation_url")
    @classmethod
    def _is_for_http(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value.get_secret_value())
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            sound = False
        if not sound:
            raise ValueError("must be a URL such as https://mail.example/confirmations")
        return value

    @model_validator(mode="after")
    def _outbox_is_consistent(self) -> Self:
        if self.worker == "on" and self.outbox == "off":
            raise ValueError("BAKEOFF_WORKER=on needs BAKEOFF_OUTBOX=on")
        if self.outbox_lease <= self.confirmation_timeout:
            raise ValueError(
                "BAKEOFF_OUTBOX_LEASE must exceed BAKEOFF_CONFIRMATION_TIMEOUT, "
                "or others would take a message while it is being handled"
            )
        return self
