"""What the service answers about a report that is being made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from bakeoff_schemas.records import Instant


class QueueFull(Exception):
    """As many reports as may wait do so already."""


Progress = Literal["queued", "running"]


@dataclass(slots=True, kw_only=True)
class ReportJob:
    """A report that is not ready yet."""

    id: UUID
    status: Annotated[
        Progress,
        Field(title="ReportStatus", description="`queued`: it waits for others to be made."),
    ]
    requested_at: Instant
