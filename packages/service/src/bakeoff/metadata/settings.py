"""The settings of the client of the partner."""

from __future__ import annotations

from pydantic import BaseModel, Field, HttpUrl, SecretStr, ValidationError, field_validator

PLACE = "{isbn}"
_ISBN = "9780306406157"


class MetadataSettings(BaseModel):
    """Where the partner is, and how patient the service is with it; times are in seconds."""

    metadata_url: SecretStr | None = Field(
        default=None,
        description="Where the metadata of a book is, with {isbn} in the path; unset: nowhere.",
    )
    metadata_timeout: float = Field(
        default=2, gt=0, description="The time to get metadata, all attempts together."
    )
    metadata_retries: int = Field(
        default=2, ge=0, le=10, description="Further attempts when the partner does not answer."
    )
    metadata_failures: int = Field(
        default=5, ge=1, description="Failures in a row after which the partner is left alone."
    )
    metadata_pause: float = Field(
        default=30, gt=0, description="How long the partner is left alone after them."
    )

    @field_validator("metadata_url")
    @classmethod
    def _has_a_place_for_the_isbn(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        written = value.get_secret_value()
        try:
            url = HttpUrl(written.replace(PLACE, _ISBN))
        except ValidationError:
            # Its own message would repeat the URL, which may hold a key.
            raise ValueError("must be a URL such as https://covers.example/{isbn}.json") from None
        if url.username or url.password or url.fragment:
            raise ValueError("must have neither a user nor a #fragment")
        # In the path alone: nothing that comes from a client may choose the host.
        if written.count(PLACE) != 1 or _ISBN not in (url.path or ""):
            raise ValueError(f"must have {PLACE} once, in its path")
        return value
