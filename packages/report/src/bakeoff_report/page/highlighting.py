"""Code and SQL as the elements that page.css colours."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import Final

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import PythonLexer, SqlLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

_PYTHON: Final = PythonLexer(stripnl=False, ensurenl=False)
_SQL: Final = SqlLexer(stripnl=False, ensurenl=False)
_KEYWORD: Final = Markup("<b>{}</b>")
_STRING: Final = Markup("<i>{}</i>")
_NAME: Final = Markup('<span class="nf">{}</span>')
_ELEMENTS: Final = {
    Comment: Markup('<span class="c">{}</span>'),
    Keyword: _KEYWORD,
    Operator.Word: _KEYWORD,
    Name.Class: _NAME,
    Name.Decorator: _NAME,
    Name.Function: _NAME,
    Number: Markup('<span class="m">{}</span>'),
    String: _STRING,
}
"""What is coloured. There are tens of thousands of tokens: those that are most have short elements,
and those that need no colour have none."""


@cache
def python(text: str) -> Markup:
    """Python source as spans; the text itself is escaped."""
    return _spans(_PYTHON, text)


@cache
def sql(text: str) -> Markup:
    """A statement as spans; the text itself is escaped.

    Keywords are in capitals here: `version` is the name of a column.
    """
    return _spans(_SQL, text, keywords_are_upper=True)


def _spans(lexer: Lexer, text: str, *, keywords_are_upper: bool = False) -> Markup:
    tokens = ((_element(kind), value) for kind, value in lexer.get_tokens(text.rstrip("\n")))
    parts = []
    for element, group in groupby(tokens, key=lambda token: token[0]):
        value = "".join(value for _, value in group)
        if keywords_are_upper and element is _KEYWORD and not value.isupper():
            element = None
        parts.append(element.format(value) if element else escape(value))
    return Markup("").join(parts)


def _element(kind: _TokenType) -> Markup | None:
    """The element of the kind itself, or of the nearest that it is a kind of."""
    return next((_ELEMENTS[one] for one in reversed(kind.split()) if one in _ELEMENTS), None)
