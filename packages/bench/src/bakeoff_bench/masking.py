"""Keeps passwords out of what a person gets to see."""

from __future__ import annotations

import re
from urllib.parse import quote

from bakeoff_schemas.database_url import DatabaseUrl

# A driver may quote the address it was given; a password may itself hold an @.
_IN_URL = re.compile(r"(://[^\s:/@]*):\S*@")


def masked(text: str, *, url: DatabaseUrl) -> str:
    """The text without the password of this address, and without that of any address in it."""
    text = _IN_URL.sub(r"\1:***@", text)
    for secret in {url.password, quote(url.password, safe="")} - {""}:
        text = text.replace(secret, "***")
    return text
