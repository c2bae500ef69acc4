"""A service that asks for tokens, and clients of it that have some."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from bakeoff.backends import make_layer
from bakeoff.passwords import Passwords
from bakeoff_contract.api import Api, Json
from bakeoff_contract.server import serving
from bakeoff_contract.service import application
from bakeoff_schemas import timestamps
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import NewUser

PASSWORD = "correct horse battery"
KEYS = f"old:{'0' * 32}"


@dataclass(frozen=True, slots=True)
class Person:
    """A customer or administrator: who they are, their last tokens, and a client that has one."""

    user: Json
    tokens: Json
    api: Api


class LoggedIn:
    """One service with authentication, and its administrator."""

    def __init__(self, base_url: str, administrator: str, stack: ExitStack) -> None:
        """`administrator` is a user name; the stack closes the clients."""
        self._base_url = base_url
        self._stack = stack
        self.anonymous = self.client()
        self.administrator = self.person(administrator)

    def client(self, token: str | None = None) -> Api:
        """A client that sends this access token with every request."""
        client = self._stack.enter_context(Api(self._base_url))
        if token is not None:
            client.headers["authorization"] = f"Bearer {token}"
        return client

    def person(self, username: str, *, scope: str = "") -> Person:
        """Somebody who logs in, with the password of all tests."""
        tokens = log_in(self.anonymous, username, scope=scope)
        client = self.client(tokens["access_token"])
        return Person(user=client.seen("/users/me"), tokens=tokens, api=client)

    def customer(self, **fields: Any) -> Person:
        """A new customer, logged in."""
        user = self.anonymous.user(password=PASSWORD, **fields)
        return self.person(user["username"])


@contextmanager
def logged_in(backend: str, url: DatabaseUrl | None = None, **settings: Any) -> Iterator[LoggedIn]:
    """A service that asks for tokens everywhere, unless the settings say otherwise.

    :raises ServerFailed: it does not start or stop.
    """
    chosen = {"auth": "all", "auth_keys": KEYS, "auth_attempts": "1000 per minute"}
    app = application(backend, url, **(chosen | settings))
    name = f"admin-{secrets.token_hex(4)}"
    asyncio.run(add_user(app, name, is_admin=True))
    with serving(app) as base_url, ExitStack() as stack:
        yield LoggedIn(base_url, name, stack)


async def add_user(
    app: FastAPI, name: str, *, is_admin: bool = False, password_hash: str | None = None
) -> None:
    """Add somebody by the port: nobody becomes an administrator over HTTP."""
    passwords = Passwords(app.state.settings)
    new = NewUser(
        id=uuid.uuid4(),
        username=name,
        username_key=name.casefold(),
        email=f"{name}@example.com",
        password_hash=password_hash or await passwords.hash(PASSWORD),
        created_at=timestamps.now(),
        is_admin=is_admin,
    )
    layer: DataLayer = app.state.layer
    if not layer.uses_database:
        async with layer.writing() as store:
            await store.users.create(new)
        return
    # The connections of a layer belong to the event loop of its service.
    own = make_layer(app.state.settings.backend, app.state.settings.layer_config())
    await own.open()
    try:
        async with own.writing() as store:
            await store.users.create(new)
    finally:
        await own.close()


def ask_for_tokens(
    client: Api, username: str, password: str = PASSWORD, *, scope: str = ""
) -> httpx.Response:
    """Log in as the documentation page does."""
    form = {"grant_type": "password", "username": username, "password": password, "scope": scope}
    return client.post("/auth/token", data=form)


def log_in(client: Api, username: str, password: str = PASSWORD, *, scope: str = "") -> Json:
    """The tokens of somebody who can log in."""
    return _tokens(ask_for_tokens(client, username, password, scope=scope))


def ask_to_refresh(client: Api, refresh_token: str, *, scope: str = "") -> httpx.Response:
    """Ask for new tokens."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "scope": scope}
    return client.post("/auth/refresh", data=form)


def refresh(client: Api, refresh_token: str, *, scope: str = "") -> Json:
    """New tokens, for a refresh token that works."""
    return _tokens(ask_to_refresh(client, refresh_token, scope=scope))


def _tokens(response: httpx.Response) -> Json:
    assert response.status_code == 200, response.text
    tokens: Json = response.json()
    return tokens
