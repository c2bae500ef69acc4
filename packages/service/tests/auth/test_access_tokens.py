"""Which access tokens are taken; forged with the library that the service uses, and by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import jwt
import pytest

from bakeoff.auth.access_tokens import AccessTokens
from bakeoff.auth.keys import Keys
from bakeoff.auth.refusals import Unauthenticated

USER = uuid.uuid4()
SECRET = "s" * 64
OTHER = "o" * 64


def made_by(keys: str, *, audience: str = "bakeoff", lifetime: int = 900) -> AccessTokens:
    return AccessTokens(Keys.parse(keys), audience=audience, lifetime=lifetime)


TOKENS = made_by(f"a:{SECRET}")


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    usual = {
        "sub": str(USER),
        "scope": "orders:write",
        "aud": "bakeoff",
        "iat": now,
        "exp": now + 900,
        "jti": str(uuid.uuid4()),
    }
    return {name: value for name, value in (usual | changed).items() if value is not None}


def forged(*, key: str = SECRET, algorithm: str = "HS256", kid: Any = "a", **changed: Any) -> str:
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims(**changed), key, algorithm=algorithm, headers=headers)


def by_hand(header: Any, body: Any, *, key: str = SECRET) -> str:
    def part(value: Any) -> str:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = f"{part(header)}.{part(body)}"
    mac = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{part(mac)}"


def refused(token: str, *, by: AccessTokens = TOKENS) -> str:
    with pytest.raises(Unauthenticated) as caught:
        by.verify(token)
    assert caught.value.error == "invalid_token"
    return str(caught.value)


def test_a_token_says_who_may_do_what() -> None:
    token = TOKENS.issue(USER, ["orders:write", "users:admin"])
    caller = TOKENS.verify(token)
    assert (caller.user_id, caller.scopes) == (USER, {"orders:write", "users:admin"})
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "kid": "a", "typ": "JWT"}
    decoded = jwt.decode(token, SECRET, algorithms=["HS256"], audience="bakeoff")
    assert set(decoded) == {"sub", "scope", "aud", "iat", "exp", "jti"}
    assert decoded["exp"] - decoded["iat"] == 900


def test_no_two_tokens_are_the_same() -> None:
    assert TOKENS.issue(USER, []) != TOKENS.issue(USER, [])


def test_a_token_without_scopes_allows_nothing_and_is_one() -> None:
    assert TOKENS.verify(TOKENS.issue(USER, [])).scopes == frozenset()


def test_what_is_forged_rightly_is_taken() -> None:
    """So that the tests below fail for the reason that they name."""
    assert TOKENS.verify(forged()).user_id == USER
    header = {"alg": "HS256", "kid": "a"}
    assert TOKENS.verify(by_hand(header, claims())).user_id == USER


def test_a_token_that_another_key_signed_is_refused() -> None:
    assert "not valid" in refused(forged(key=OTHER))


def test_a_token_that_has_expired_is_refused_and_said_to_be() -> None:
    assert "has expired" in refused(forged(exp=int(time.time()) - 1))
    assert "has expired" in refused(forged(exp=int(time.time())))
    # Not to whoever could not have had one.
    assert "not valid" in refused(forged(key=OTHER, exp=int(time.time()) - 1))


def test_a_clock_that_is_ahead_does_no_harm() -> None:
    assert TOKENS.verify(forged(iat=int(time.time()) + 30)).user_id == USER


@pytest.mark.parametrize("audience", ["another", ["bakeoff"], ["bakeoff", "another"], "", 1])
def test_a_token_for_another_audience_or_for_several_is_refused(audience: Any) -> None:
    refused(forged(aud=audience))


def test_no_algorithm_but_ours_is_taken() -> None:
    refused(jwt.encode(claims(), None, algorithm="none", headers={"kid": "a"}))
    refused(forged(algorithm="HS384"))
    refused(forged(algorithm="HS512"))
    for name in ("none", "None", "hs256", "RS256", "", None, 1, ["HS256"]):
        refused(by_hand({"alg": name, "kid": "a"}, claims()))
    refused(by_hand({"kid": "a"}, claims()))


@pytest.mark.parametrize("kid", ["b", "", None])
def test_a_token_of_an_unknown_key_is_refused(kid: str | None) -> None:
    refused(forged(kid=kid))


@pytest.mark.parametrize("kid", [1, None, ["a"], {"a": "a"}, "a\x00", "../a"])
def test_a_key_id_of_any_kind_is_refused(kid: Any) -> None:
    refused(by_hand({"alg": "HS256", "kid": kid}, claims()))


@pytest.mark.parametrize("claim", ["sub", "scope", "aud", "iat", "exp", "jti"])
def test_a_token_that_lacks_a_claim_is_refused(claim: str) -> None:
    refused(forged(**{claim: None}))


@pytest.mark.parametrize("body", [[], "x", 1, None, b"{", b"\xff", {}])
def test_what_is_signed_and_no_token_is_refused(body: Any) -> None:
    refused(by_hand({"alg": "HS256", "kid": "a"}, body))


def test_a_subject_that_is_no_id_of_ours_is_refused() -> None:
    refused(forged(sub="ged"))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "é.é.é",
        "\x00.\x00.\x00",
        "e30.e30.e30",
        "x" * 100_000,
        f"{base64.urlsafe_b64encode(b'[' * 2900).decode()}.e30.e30",
    ],
    ids=lambda token: repr(token[:12]),
)
def test_what_is_no_token_at_all_is_refused(token: str) -> None:
    refused(token)


def test_keys_rotate_without_a_log_in_being_lost() -> None:
    before, during, after = f"a:{SECRET}", f"b:{OTHER},a:{SECRET}", f"b:{OTHER}"
    old = made_by(before).issue(USER, [])
    new = made_by(during).issue(USER, [])
    assert made_by(during).verify(old).user_id == USER
    assert made_by(after).verify(new).user_id == USER
    refused(old, by=made_by(after))
    refused(new, by=made_by(before))


def test_a_key_id_does_not_let_another_secret_in() -> None:
    refused(forged(key=OTHER, kid="a"), by=made_by(f"b:{OTHER},a:{SECRET}"))


@pytest.mark.parametrize("scope", [1, True, ["orders:write"], {"orders:write": 1}])
def test_scopes_that_are_no_text_are_refused(scope: Any) -> None:
    refused(forged(scope=scope))


@pytest.mark.parametrize("claim", ["exp", "nbf"])
def test_a_time_without_an_end_is_refused(claim: str) -> None:
    # PyJWT writes it as Infinity, and reads 1e999 as the same.
    refused(forged(**{claim: float("inf")}))


def test_secrets_are_not_in_an_error() -> None:
    tokens = made_by(f"a:{'canary' * 6}")
    with pytest.raises(Unauthenticated) as caught:
        tokens.verify(forged(key=OTHER))
    assert "canary" not in repr(caught.value)
    assert "canary" not in repr(tokens)
