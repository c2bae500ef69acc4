"""How a connection to the database is encrypted: one setting, honoured by all drivers."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Encryption, with (`verify-full`) or without (`require`) a check of who answers.

    `ca` is a file of certificates to trust instead of the system's.
    """

    mode: Literal["require", "verify-full"]
    ca: Path | None = None

    def context(self) -> ssl.SSLContext:
        """The same for drivers that take one.

        :raises OSError: the file of certificates cannot be read.
        """
        context = ssl.create_default_context(cafile=self.ca)
        if self.mode == "require":
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
