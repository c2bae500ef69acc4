"""What the process says, one JSON object a line or text for people."""

from __future__ import annotations

import logging
import logging.config

from pythonjsonlogger.core import RESERVED_ATTRS

from bakeoff.settings import Settings

_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"


def configure(settings: Settings) -> None:
    """Set up logging for a process that serves; libraries log from warnings on."""
    formatter: dict[str, object]
    if settings.log_format == "json":
        formatter = {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": _FIELDS,
            # uvicorn's copy of the message for terminals, with escape codes.
            "reserved_attrs": [*RESERVED_ATTRS, "color_message"],
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        }
    else:
        formatter = {"()": "bakeoff.logs.TextFormatter", "fmt": _FIELDS}
    level = settings.log_level.upper()
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"level": "WARNING", "handlers": ["stderr"]},
            "loggers": {
                "bakeoff": {"level": level},
                "uvicorn": {"level": level},
                # Our own access log says more, in the same form as everything else.
                "uvicorn.access": {"level": "CRITICAL"},
            },
        }
    )


class TextFormatter(logging.Formatter):
    """Adds what the access log knows about a request to the line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line for people."""
        line = super().format(record)
        if record.name == "bakeoff.access":
            facts = record.__dict__
            line += (
                f" {facts['method']} {facts['path']} {facts['status']}"
                f" {facts['seconds'] * 1000:.1f} ms {facts['request_id']}"
            )
        return line
