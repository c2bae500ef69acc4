"""Database URLs, and the settings that hold the single parts of one.

A URL is refused with a `ValueError`, or its parts written as a URL again are the same parts. Parts
that are given one by one come out of the URL that is made of them as they went in. The password is
in no error, no `repr`, no `str`, no `location` and no text that went through `redact`.

Input: a URL; or `parts`, and in a line each the scheme, host, port, user, password and name.
"""

from __future__ import annotations

from urllib.parse import quote

from pydantic import ValidationError

from bakeoff.database_settings import DatabaseSettings
from bakeoff_schemas.database_url import DatabaseUrl, redact

_PARTS = "parts\n"
# What the kept inputs have for a password.
_CANARY = "hunter2"
_NAMES = ("db_scheme", "db_host", "db_port", "db_user", "db_password", "db_name")


def check(data: bytes) -> None:
    """Read one URL, or put one together."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    if text.startswith(_PARTS):
        _check_parts(text.removeprefix(_PARTS).split("\n"))
    else:
        _check_url(text)


def _check_url(text: str) -> None:
    redacted = redact(text)
    assert redact(redacted) == redacted
    # A file of SQLite may be called like another URL.
    is_secret = _CANARY in text and _CANARY not in redacted and text.count("://") == 1
    secret = _CANARY if is_secret else None
    try:
        url = DatabaseUrl.parse(text)
    except ValueError as error:
        _assert_hidden(secret, str(error), repr(error))
        return
    assert DatabaseUrl.parse(text) == url
    assert DatabaseUrl.parse(url.render()) == url
    if url.password:
        assert f":{quote(url.password, safe='')}@" not in redact(url.render())
    _assert_hidden(secret, str(url), repr(url), url.location, redact(url.render()))


def _check_parts(parts: list[str]) -> None:
    given = {name: part for name, part in zip(_NAMES, parts, strict=False) if part}
    try:
        settings = DatabaseSettings.model_validate(given)
    except ValidationError as error:
        for found in error.errors(include_input=False, include_context=False):
            _assert_hidden(_CANARY, found["msg"])
        return
    if settings.db_host is None:
        return
    written = settings.database_url.get_secret_value()
    url = DatabaseUrl.parse(written)
    assert written not in repr(settings)
    assert url.scheme == settings.db_scheme
    assert url.name == settings.db_name
    assert url.user == (settings.db_user or "")
    assert url.password == given.get("db_password", "")
    assert (url.host or url.unix_socket).lower() == (settings.db_host or "").lower()
    assert settings.db_port in (None, url.port)
    assert DatabaseUrl.parse(url.render()) == url


def _assert_hidden(secret: str | None, *texts: str) -> None:
    for text in texts:
        assert secret is None or secret not in text, "the password shows"
