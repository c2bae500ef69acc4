"""The page: one HTML file that needs nothing else, made from a `Report` alone."""

from bakeoff_report.page.rendering import render

__all__ = ["render"]
