"""Code and SQL with the classes of Pygments, which page.css colours."""

from __future__ import annotations

from functools import cache

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer, SqlLexer

_PYTHON = PythonLexer(stripnl=False)
_SQL = SqlLexer(stripnl=False)
_FORMATTER = HtmlFormatter(nowrap=True)


@cache
def python(text: str) -> Markup:
    """Python source as spans; the text itself is escaped."""
    return Markup(highlight(text.rstrip("\n"), _PYTHON, _FORMATTER).rstrip("\n"))


@cache
def sql(text: str) -> Markup:
    """A statement as spans; the text itself is escaped."""
    return Markup(highlight(text.rstrip("\n"), _SQL, _FORMATTER).rstrip("\n"))
