"""Opaque cursors: the last keyset of a page, signed together with the list it belongs to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from bakeoff_schemas import money, timestamps
from bakeoff_schemas.records import Keyset, KeysetValue
from bakeoff_schemas.text import storable

_SIGNATURE_BYTES = 12


class CursorError(ValueError):
    """Not a cursor of this service, or one of another list."""


class CursorCodec:
    """Encodes and decodes cursors with one key; servers with the same key share cursors."""

    def __init__(self, key: str) -> None:
        """`key` is any text; whoever knows it can forge cursors."""
        self._key = hashlib.sha256(key.encode()).digest()

    def encode(self, keyset: Keyset, *, scope: str) -> str:
        """The cursor for the page after `keyset` in the list that `scope` names."""
        payload = json.dumps(
            [_pack(keyset.value), _pack(keyset.id)], ensure_ascii=False, separators=(",", ":")
        ).encode()
        return _text(self._sign(payload, scope) + payload)

    def decode(self, cursor: str, *, scope: str) -> Keyset:
        """Where the last page ended.

        :raises CursorError: forged, damaged, or from another sort, filter or resource.
        """
        try:
            # Strict: by default, characters outside the alphabet are dropped.
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise CursorError("is not a cursor of this list") from None
        if _text(raw) != cursor:
            # The last character has unused bits; only one spelling of a cursor is accepted.
            raise CursorError("is not a cursor of this list")
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(payload, scope)):
            raise CursorError("is not a cursor of this list")
        try:
            return _keyset(payload)
        # Rightly signed, and not by a codec: everyone knows the default of the key.
        except (ValueError, RecursionError):
            raise CursorError("is not a cursor of this list") from None

    def _sign(self, payload: bytes, scope: str) -> bytes:
        message = hashlib.sha256(scope.encode()).digest() + payload
        return hmac.digest(self._key, message, "sha256")[:_SIGNATURE_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _keyset(payload: bytes) -> Keyset:
    """The keyset of a payload.

    :raises ValueError: `encode` would not have made it.
    :raises RecursionError: it is nested too deeply.
    """
    pair = json.loads(payload)
    if not isinstance(pair, list) or len(pair) != 2:
        raise ValueError("must be a value and an id")
    value, row_id = map(_unpack, pair)
    if isinstance(value, UUID) or not isinstance(row_id, int | UUID):
        raise ValueError("must be a value and an id")
    return Keyset(value=value, id=row_id)


def _pack(value: KeysetValue | UUID) -> int | str | None:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, str):
        return "s" + value
    if isinstance(value, Decimal):
        return "d" + str(value)
    if isinstance(value, datetime):
        return "t" + timestamps.write(value)
    return "u" + str(value)


def _unpack(value: object) -> KeysetValue | UUID:
    if value is None or isinstance(value, int):
        return value
    if not isinstance(value, str):
        raise ValueError("must be null, an integer or a string")
    kind, written = value[:1], value[1:]
    if kind == "s":
        return storable(written)
    if kind == "d":
        return money.parse(written)
    if kind == "t":
        return timestamps.parse(written)
    if kind == "u":
        return UUID(written)
    raise ValueError("must be a string of some kind")
