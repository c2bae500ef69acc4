"""What the bench cannot do, and how passwords are kept out of messages."""

from __future__ import annotations

from urllib.parse import quote

from bakeoff_schemas.database_url import DatabaseUrl, redact


class BenchError(Exception):
    """The bench cannot go on; the message says why and what to do, and holds no secret.

    Every function that starts a process, talks to one, or reads what a user has named may raise it.
    """


def redacted(text: str, *, url: DatabaseUrl | None = None) -> str:
    """The text without the password of any address in it, and without that of `url`."""
    text = redact(text)
    secrets = {url.password, quote(url.password, safe="")} - {""} if url else set()
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
