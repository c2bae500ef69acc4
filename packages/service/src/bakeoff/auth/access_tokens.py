"""Access tokens: JSON Web Tokens (RFC 7519) that say who may do what, and until when."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable

import jwt

from bakeoff.auth.caller import Caller
from bakeoff.auth.keys import Keys
from bakeoff.auth.refusals import Unauthenticated

# The service that issues a token is the one that checks it, so that both share a secret, and no
# key has to be handed out. A token that names any other algorithm is refused.
_ALGORITHM = "HS256"
_CLAIMS = ["exp", "iat", "aud", "sub", "scope", "jti"]
# Ours have a tenth of this.
_LONGEST = 4096


class AccessTokens:
    """Issues access tokens and checks them, without asking the database."""

    def __init__(self, keys: Keys, *, audience: str, lifetime: int) -> None:
        """`lifetime` is in seconds."""
        self._keys = keys
        self._audience = audience
        self.lifetime = lifetime

    def issue(self, user_id: uuid.UUID, scopes: Iterable[str]) -> str:
        """A token for this customer."""
        now = int(time.time())
        return jwt.encode(
            {
                "sub": str(user_id),
                "scope": " ".join(scopes),
                "aud": self._audience,
                "iat": now,
                "exp": now + self.lifetime,
                "jti": str(uuid.uuid4()),
            },
            self._keys.secrets[self._keys.signing],
            algorithm=_ALGORITHM,
            headers={"kid": self._keys.signing},
        )

    def verify(self, token: str) -> Caller:
        """Whom the token is for, and what it allows.

        :raises Unauthenticated: it was not issued here, was changed, or has expired.
        """
        try:
            claims = self._claims(token)
            return Caller(
                user_id=uuid.UUID(claims["sub"]), scopes=frozenset(claims["scope"].split())
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The access token has expired.") from None
        # RecursionError: the header is parsed before the signature is checked.
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            raise Unauthenticated("The access token is not valid.") from None

    def _claims(self, token: str) -> dict[str, str]:
        if len(token) > _LONGEST:
            raise jwt.InvalidTokenError
        secret = self._keys.secrets.get(jwt.get_unverified_header(token).get("kid", ""))
        if secret is None:
            raise jwt.InvalidTokenError
        claims: dict[str, str] = jwt.decode(
            token,
            secret,
            algorithms=[_ALGORITHM],
            audience=self._audience,
            # The clock of the server that issued it may be a little ahead.
            options={"require": _CLAIMS, "strict_aud": True, "verify_iat": False},
        )
        # The library looks into every claim that we need but this one.
        if not isinstance(claims["scope"], str):
            raise jwt.InvalidTokenError
        return claims
