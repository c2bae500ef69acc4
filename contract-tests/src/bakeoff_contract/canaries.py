"""Secrets that a test plants, and the search for them in everything that a program has told."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping

_PREFIX = "Canary"


def canary() -> str:
    """A secret that occurs nowhere else: letters and digits, which no encoding of text changes.

    So it is found however what is around it was quoted: for a URL, JSON, HTML or Python.
    """
    return _PREFIX + secrets.token_hex(10)


def found(planted: Mapping[str, str], told: Mapping[str, str | bytes]) -> list[str]:
    """Which secrets are in what was told, and in which form; both by names for the message.

    A secret is looked for as it is, in hexadecimal digits, and in Base64, wherever in the encoded
    bytes it stands.
    """
    return [
        f"{name} as {form} in {place}: {_around(text, sought)!r}"
        for place, content in told.items()
        for text in [_bytes(content)]
        for name, secret in planted.items()
        for form, sought in _forms(secret.encode())
        if sought in text
    ]


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")


def _forms(secret: bytes) -> Iterable[tuple[str, bytes]]:
    yield "it is", secret
    yield "lower hexadecimal", secret.hex().encode()
    yield "upper hexadecimal", secret.hex().upper().encode()
    for before in range(3):
        # The first and the last digits depend on the bytes around it.
        inner = base64.b64encode(bytes(before) + secret)[4 if before else 0 :].rstrip(b"=")[:-1]
        yield "Base64", inner
        yield "Base64 for URLs", inner.translate(bytes.maketrans(b"+/", b"-_"))


def _around(text: bytes, sought: bytes) -> str:
    place = text.index(sought)
    return text[max(0, place - 60) : place + len(sought) + 20].decode("utf-8", "backslashreplace")
