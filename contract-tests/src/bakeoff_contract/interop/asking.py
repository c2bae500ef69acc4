"""Asks a service, and holds each answer to what is expected of it."""

from __future__ import annotations

from typing import Any

import httpx

from bakeoff_contract.api import Api, Json
from bakeoff_contract.interop.comparing import difference
from bakeoff_contract.problems import PREFIX, STATUS


class Asker:
    """One backend's service, and how many of its answers were held to something."""

    def __init__(self, backend: str, api: Api) -> None:
        """`backend` is what to call it in a message."""
        self.backend = backend
        self.api = api
        self.answers = 0

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        status: int = 200,
        expected: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Json:
        """The body of an answer with this status, and equal to what is expected if that is given.

        :raises AssertionError: it is another.
        """
        response = self.send(method, path, body=body, headers=headers)
        if response.status_code != status:
            raise self._wrong(response, f"{response.status_code} for {status}: {response.text}")
        answer: Json = response.json() if response.content else {}
        if expected is not None and (found := difference(expected, answer)):
            raise self._wrong(response, found)
        return answer

    def refused(
        self,
        slug: str,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """The request meets this problem.

        :raises AssertionError: it does not.
        """
        problem = self.ask(method, path, body=body, status=STATUS[slug], headers=headers)
        assert problem["type"] == PREFIX + slug, f"{self.backend}: {method} {path}: {problem}"

    def gone(self, path: str) -> None:
        """There is nothing at this path.

        :raises AssertionError: there is.
        """
        self.refused("not-found", "GET", path)

    def send(
        self, method: str, path: str, *, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Any answer."""
        self.answers += 1
        return self.api.request(method, path, json=body, headers=headers)

    def _wrong(self, response: httpx.Response, what: str) -> AssertionError:
        request = response.request
        return AssertionError(
            f"{self.backend}: {request.method} {request.url.raw_path.decode()}: {what}"
        )
