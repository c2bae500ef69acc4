"""What can be wrong with tracing; the command line knows it without importing FastAPI."""

from __future__ import annotations


class TelemetryNotInstalled(Exception):
    """Tracing is on, and the libraries that send spans are an extra that is not installed."""

    def __init__(self, module: str | None) -> None:
        super().__init__(
            f"BAKEOFF_TELEMETRY=on needs the module {module}, which is not installed: "
            'pip install "bakeoff[telemetry]"'
        )
