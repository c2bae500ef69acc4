"""What the report cannot do."""

from __future__ import annotations


class ReportError(Exception):
    """The report cannot be made; the message names the file or the option to change."""
