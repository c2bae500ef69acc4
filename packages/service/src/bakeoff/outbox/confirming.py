"""Sends the confirmation of an order: to another service, or into the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from bakeoff.outbox.settings import OutboxSettings
from bakeoff_schemas import timestamps
from bakeoff_schemas.records import Message

log = logging.getLogger("bakeoff.confirmations")


class NotConfirmed(Exception):
    """The attempt failed; the message says why, without the address or what was answered."""


class Confirmations:
    """Confirms orders, each once or more: the id of the message makes a repetition harmless."""

    def __init__(self, settings: OutboxSettings) -> None:
        """Connects to nothing."""
        url = settings.confirmation_url
        self._url = None if url is None else httpx.URL(url.get_secret_value())
        self._within = settings.confirmation_timeout
        self._http = httpx.AsyncClient(
            timeout=self._within,
            headers={"User-Agent": "bakeoff"},
            # Neither the other service nor the environment chooses where orders are told.
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Closes the connections at the end, after which there are no others."""
        async with self._http:
            yield

    async def send(self, message: Message) -> None:
        """Confirm the order of the message.

        :raises NotConfirmed: the other service did not take it, or did not say so in time.
        """
        if self._url is None:
            log.info("order confirmed", extra={"message_id": str(message.id), **message.payload})
            return
        try:
            # httpx limits each step; an answer that comes byte by byte would take for ever.
            async with asyncio.timeout(self._within):
                status = await self._post(self._url, message)
        except (TimeoutError, httpx.TimeoutException):
            raise NotConfirmed(f"no answer within {self._within:g} s") from None
        except httpx.HTTPError as error:
            raise NotConfirmed(type(error).__name__) from error
        if not 200 <= status < 300:
            raise NotConfirmed(f"the answer was {status}")

    async def _post(self, url: httpx.URL, message: Message) -> int:
        body = {
            "topic": message.topic,
            "created_at": timestamps.write(message.created_at),
            **message.payload,
        }
        headers = {"Idempotency-Key": str(message.id)}
        async with self._http.stream("POST", url, json=body, headers=headers) as response:
            # The body of the answer says nothing to us, and may be of any size.
            return response.status_code
