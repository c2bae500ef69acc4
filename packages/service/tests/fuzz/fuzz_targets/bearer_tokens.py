"""The header `Authorization`.

Any header is refused as unauthenticated, or holds a token with the signature of our key, our
algorithm, our audience and a time that has not passed; then the caller is the one it names, with
the scopes it names. This holds even for what is rightly signed, because services may share a key.

Input: a header; or `signed`, and in a line each the header and the claims of a token in JSON.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from uuid import UUID

from bakeoff.auth.access_tokens import AccessTokens
from bakeoff.auth.bearer import bearer
from bakeoff.auth.caller import Caller
from bakeoff.auth.keys import Keys
from bakeoff.auth.refusals import Unauthenticated
from fuzz_targets.requests import result, with_headers

_SIGNED = b"signed\n"
_SECRET = "0" * 32
_AUDIENCE = "bakeoff"


class _Auth:
    access = AccessTokens(Keys.parse(f"a:{_SECRET}"), audience=_AUDIENCE, lifetime=900)


def check(data: bytes) -> None:
    """Read one header."""
    if data.startswith(_SIGNED):
        header, _, claims = data.removeprefix(_SIGNED).partition(b"\n")
        signed = b".".join((_encoded(header), _encoded(claims)))
        data = b"Bearer " + signed + b"." + _encoded(_signature(signed))
    caller = _identify(data)
    if caller is None:
        return
    scheme, _, token = data.decode("latin-1").partition(" ")
    assert scheme.lower() == "bearer"
    signed, _, signature = token.strip().encode().rpartition(b".")
    assert _decoded(signature) == _signature(signed)
    header, claims = (json.loads(_decoded(part)) for part in signed.split(b"."))
    assert (header["alg"], header["kid"]) == ("HS256", "a")
    assert claims["aud"] == _AUDIENCE
    assert int(claims["exp"]) > time.time() - 60
    assert caller == Caller(user_id=UUID(claims["sub"]), scopes=frozenset(claims["scope"].split()))


def _identify(header: bytes) -> Caller | None:
    request = with_headers([(b"authorization", header)], auth=_Auth)
    try:
        caller: Caller = result(bearer(request))
    except Unauthenticated as refused:
        # It goes into the header of the answer.
        assert '"' not in str(refused)
        assert refused.error in ("invalid_token", None)
        return None
    assert request.state.caller is caller
    return caller


def _signature(signed: bytes) -> bytes:
    return hmac.digest(_SECRET.encode(), signed, hashlib.sha256)


def _encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def _decoded(part: bytes) -> Any:
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
