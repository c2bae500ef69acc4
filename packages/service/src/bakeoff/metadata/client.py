"""The client of the partner: one pool of connections, and patience with limits."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Literal, get_args

import httpx
import stamina

from bakeoff.metadata.circuit import Circuit, CircuitOpen
from bakeoff.metadata.model import Metadata, PartnerFailed
from bakeoff.metadata.reading import Unusable, read
from bakeoff.metadata.settings import PLACE, MetadataSettings

log = logging.getLogger("bakeoff.metadata")

LARGEST_ANSWER = 64 * 2**10
_TO_CONNECT = 0.5
_CONNECTIONS = httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=30)
_HEADERS = {
    "User-Agent": "bakeoff",
    "Accept": "application/json",
    # A few compressed bytes can become gigabytes.
    "Accept-Encoding": "identity",
}
_ISBN = re.compile(r"[0-9]{13}", re.ASCII)
_MAY_PASS = frozenset({502, 503, 504})

Outcome = Literal["found", "unknown", "failed", "refused"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class _Refused(Exception):
    """The partner answered with an error."""

    def __init__(self, status: int) -> None:
        super().__init__(f"it answered {status}")
        self.status = status


_FAILURES = (httpx.HTTPError, httpx.InvalidURL, _Refused, Unusable, TimeoutError)


class MetadataClient:
    """Asks the partner about books.

    `outcomes` counts the questions: `found` and `unknown` are answers, `failed` is none in time or
    none that can be used, `refused` was not sent because the circuit is open.
    """

    def __init__(self, settings: MetadataSettings) -> None:
        """Connects to nothing; `settings` must have a URL."""
        assert settings.metadata_url is not None
        self._template = settings.metadata_url.get_secret_value()
        self._within = settings.metadata_timeout
        # With retries, a first attempt that gets no answer must leave time for a second.
        longest = self._within / 2 if settings.metadata_retries else self._within
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(longest, connect=min(_TO_CONNECT, longest)),
            limits=_CONNECTIONS,
            headers=_HEADERS,
            # The partner does not choose where else to ask, and neither does the environment.
            follow_redirects=False,
            trust_env=False,
            # No cookie is kept: it could be told any number of them.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
        self._retrying = stamina.AsyncRetryingCaller(
            attempts=settings.metadata_retries + 1,
            timeout=None,  # `_within` ends all attempts together
            wait_initial=0.05,
            wait_max=0.5,
            wait_jitter=0.1,
        ).on(_may_pass)
        self.circuit = Circuit(
            failures=settings.metadata_failures, of=_FAILURES, pause=settings.metadata_pause
        )
        self.outcomes: Counter[Outcome] = Counter(dict.fromkeys(OUTCOMES, 0))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Closes the connections at the end, after which there are no others."""
        async with self._http:
            yield

    async def find(self, isbn: str) -> Metadata | None:
        """What the partner knows of the book with this ISBN-13, or None if it knows nothing.

        :raises PartnerFailed: it did not answer in time, or its answer cannot be used, or it was
            not asked, because it failed several times in a row.
        :raises ValueError: not 13 digits.
        """
        if not _ISBN.fullmatch(isbn):
            raise ValueError("an ISBN-13 has 13 digits")
        try:
            with self.circuit.call():
                found = await self._ask(isbn)
        except CircuitOpen:
            self.outcomes["refused"] += 1
            raise PartnerFailed("it is left alone after several failures") from None
        except _FAILURES as error:
            self.outcomes["failed"] += 1
            failure = PartnerFailed(_reason(error))
            log.warning("the metadata partner failed: %s", failure)
            raise failure from error
        self.outcomes["unknown" if found is None else "found"] += 1
        return found

    async def _ask(self, isbn: str) -> Metadata | None:
        async with asyncio.timeout(self._within):
            body = await self._retrying(self._fetch, self._template.replace(PLACE, isbn))
        return None if body is None else read(body, about=isbn)

    async def _fetch(self, url: str) -> bytes | None:
        """One attempt."""
        async with self._http.stream("GET", url) as response:
            # Read whatever the status is: only then can the connection be used again.
            body = await _body(response)
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise _Refused(response.status_code)
        return body


async def _body(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Unusable("it compressed its answer")
    body = bytearray()
    # Its Content-Length is not believed.
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise Unusable("its answer is too large")
    return bytes(body)


def _may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed in a moment.

    Connections that break are among these: the partner may close one that was idle at the moment
    in which it is used again, and a GET may be repeated.
    """
    if isinstance(error, _Refused):
        return error.status in _MAY_PASS
    return isinstance(
        error, httpx.TimeoutException | httpx.NetworkError | httpx.RemoteProtocolError
    )


def _reason(error: Exception) -> str:
    """Why, without what httpx would repeat of addresses and answers."""
    if isinstance(error, _Refused | Unusable):
        return str(error)
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "it did not answer in time"
    return type(error).__name__
