"""Logs of a process that serves: one JSON object a line, or text for people."""

from __future__ import annotations

import logging
import logging.config
import re
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS

from bakeoff.settings import Settings

_TRACE_FILTER = "bakeoff.telemetry.log_records.TraceFilter"
_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"
# C0, DEL and C1, two separators that may break a line, and what changes the direction of writing,
# so that a line reads as what it is not. JSON has them escaped anyway.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# A line of the log begins with its time, and no line of a traceback does.
_INDENT = "  "


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
    traced = ["trace"] if settings.telemetry == "on" else []
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": formatter},
            "filters": {
                name: {"()": "bakeoff.telemetry.log_records.TraceFilter"} for name in traced
            },
            "handlers": {
                "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": traced}
            },
            "root": {"level": "WARNING", "handlers": ["stderr"]},
            "loggers": {
                "bakeoff": {"level": level},
                # uvicorn's command line keeps its lines from any handler but its own.
                "uvicorn": {"level": level, "propagate": True},
                # Our own access log says more, in the same form as everything else.
                "uvicorn.access": {"level": "CRITICAL"},
            },
        }
    )


class TextFormatter(logging.Formatter):
    """Adds the facts of a request to a line of the access log, and escapes control characters.

    A request could forge a line, or send codes to the terminal.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line for people, with a traceback below it."""
        message = record.getMessage()
        if record.name == "bakeoff.access":
            facts = record.__dict__
            message += (
                f" {facts['method']} {facts['path']} {facts['status']}"
                f" {facts['seconds'] * 1000:.1f} ms {facts['request_id']}"
            )
        if (trace := getattr(record, "trace_id", None)) is not None:
            message += f" trace {trace}"
        # Other handlers get the record as it is.
        changed = {"msg": _CONTROLS.sub(_escape, message), "args": None}
        return super().format(logging.makeLogRecord(record.__dict__ | changed))

    def formatException(self, ei: Any) -> str:
        """The traceback, line by line, indented: the text of an error may hold lines of its own."""
        lines = super().formatException(ei).split("\n")
        return "\n".join(_INDENT + _CONTROLS.sub(_escape, line) for line in lines)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
