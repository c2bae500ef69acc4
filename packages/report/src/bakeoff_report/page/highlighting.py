"""Code and SQL with the classes of Pygments, which page.css colours."""

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
_CLASSES: Final = {
    Comment: "c",
    Keyword: "k",
    Operator.Word: "k",
    Name.Class: "nf",
    Name.Decorator: "nf",
    Name.Function: "nf",
    Number: "m",
    String: "s",
}
"""What is coloured. Anything else needs no element: a page has tens of thousands of names."""


@cache
def python(text: str) -> Markup:
    """Python source as spans; the text itself is escaped."""
    return _spans(_PYTHON, text)


@cache
def sql(text: str) -> Markup:
    """A statement as spans; the text itself is escaped."""
    return _spans(_SQL, text)


def _spans(lexer: Lexer, text: str) -> Markup:
    tokens = ((_class(kind), value) for kind, value in lexer.get_tokens(text.rstrip("\n")))
    parts = []
    for name, group in groupby(tokens, key=lambda token: token[0]):
        value = escape("".join(value for _, value in group))
        parts.append(Markup('<span class="{}">{}</span>').format(name, value) if name else value)
    return Markup("").join(parts)


def _class(kind: _TokenType) -> str | None:
    """The class of the kind itself, or of the nearest that it is a kind of."""
    return next((_CLASSES[one] for one in reversed(kind.split()) if one in _CLASSES), None)
