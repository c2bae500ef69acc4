"""What went from a backend to its database during a few requests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TRANSACTION = re.compile(
    r"\b(BEGIN|START\s+TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT)\b", re.IGNORECASE
)


@dataclass
class Recording:
    """Round trips, and the text that was sent (of a network protocol, with its framing)."""

    round_trips: int = 0
    sent: list[str] = field(default_factory=list)

    @property
    def transactions(self) -> list[str]:
        """Every word that begins or ends a transaction."""
        return [word for text in self.sent for word in _TRANSACTION.findall(text)]
