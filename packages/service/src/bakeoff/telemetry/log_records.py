"""Lines of the log say to which trace they belong."""

from __future__ import annotations

import logging

from opentelemetry import trace


class TraceFilter(logging.Filter):
    """Adds `trace_id` and `span_id`, as OTLP writes them, to what is logged within a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record."""
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            record.trace_id = trace.format_trace_id(context.trace_id)
            record.span_id = trace.format_span_id(context.span_id)
        return True
