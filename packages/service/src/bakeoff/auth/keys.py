"""The keys that sign access tokens, and their rotation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

SHORTEST_SECRET = 32

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FORM = "must be ID:SECRET, several with commas between them; an ID has letters, digits and ._-"


@dataclass(frozen=True, slots=True)
class Keys:
    """Secrets by key id. The first one signs; all of them verify.

    To rotate, put a new key first and keep the old one for as long as its tokens live.
    """

    signing: str
    secrets: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, written: str) -> Keys:
        """The keys of a setting such as `2026-12:SECRET,2026-11:SECRET`.

        :raises ValueError: not of this form, an id occurs twice, or a secret has fewer than 32
            bytes, which HS256 needs (RFC 7518, section 3.2); no secret is in the message.
        """
        secrets: dict[str, bytes] = {}
        for number, part in enumerate(written.split(","), 1):
            key_id, colon, secret = part.strip().partition(":")
            # What stands before a colon may be a secret whose id was forgotten.
            if not colon or not _ID.fullmatch(key_id):
                raise ValueError(f"key {number} {_FORM}")
            if key_id in secrets:
                raise ValueError(f"key {number} has the id of one before it")
            secrets[key_id] = secret.encode()
            if len(secrets[key_id]) < SHORTEST_SECRET:
                raise ValueError(
                    f"the secret of key {number} has {len(secrets[key_id])} bytes, and needs "
                    f"{SHORTEST_SECRET} or more"
                )
        return cls(next(iter(secrets)), secrets)
