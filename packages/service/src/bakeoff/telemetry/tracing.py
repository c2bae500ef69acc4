"""Spans of requests: FastAPI makes them, and this sends them away."""

from __future__ import annotations

import importlib.metadata
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Literal

from anyio import to_thread
from fastapi.telemetry import TelemetryConfig

from bakeoff.extras import MissingExtra

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

# FastAPI would look for OpenTelemetry in the environment with every request.
OFF: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
# Asked every few seconds by machines; below a root path as well.
_NOT_TRACED = ("/health/live", "/health/ready", "/metrics")


class Tracing:
    """Collects the spans of one application, and sends them in batches from a thread.

    As a context manager it sends those that are left at the end.
    """

    def __init__(self) -> None:
        """Read where to send them from the OTEL_… variables.

        :raises MissingExtra: the extra is not installed.
        """
        self._provider = _provider()

    @property
    def config(self) -> TelemetryConfig:
        """What FastAPI is told: one span for each request, and nothing else.

        Its metrics would count what /metrics counts. Spans of its inner steps would show some
        routes alone, because plain reads do without those steps.
        """
        return {
            "tracer_provider": self._provider,
            "tracing": True,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
            "exclude": _is_not_traced,
        }

    async def __aenter__(self) -> Tracing:
        return self

    async def __aexit__(self, *error: object) -> None:
        await to_thread.run_sync(self._provider.shutdown)


def start(telemetry: Literal["off", "on"]) -> Tracing | None:
    """The tracing of an application, if it is on.

    :raises MissingExtra: the extra is not installed.
    """
    return Tracing() if telemetry == "on" else None


def _provider() -> TracerProvider:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise MissingExtra("BAKEOFF_TELEMETRY=on", "telemetry") from error
    ours = Resource.create(
        {"service.name": "bakeoff", "service.version": importlib.metadata.version("bakeoff")}
    )
    # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes before what we say.
    resource = ours.merge(OTELResourceDetector().detect())
    # The end of the application sends what is left, and not that of the interpreter.
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _is_not_traced(scope: MutableMapping[str, Any]) -> bool:
    path: str = scope["path"]
    return path.endswith(_NOT_TRACED)
