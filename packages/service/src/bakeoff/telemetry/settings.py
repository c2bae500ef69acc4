"""The setting that switches tracing on; OpenTelemetry's own variables say everything else."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class TelemetrySettings(BaseModel):
    """Whether requests are traced."""

    telemetry: Literal["off", "on"] = Field(
        default="off",
        description="Send a span for each request by OTLP over HTTP; OTEL_… variables say where.",
    )
