"""`bakeoff user`: customers that a web page must not make, and what they may do."""

from __future__ import annotations

import sys
import uuid
from typing import Annotated

import typer
from pydantic import ValidationError

from bakeoff.auth.usernames import username_key
from bakeoff.cli import configuration, console, running
from bakeoff.cli.console import Failure
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas import api, timestamps
from bakeoff_schemas.errors import EmailTaken, UsernameTaken
from bakeoff_schemas.ports import DataLayer, Store
from bakeoff_schemas.records import NewUser, User

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The user name.")]


def create(
    name: NameArgument,
    email: Annotated[str, typer.Option("--email", metavar="ADDRESS", help="The e-mail address.")],
    admin: Annotated[
        bool, typer.Option("--admin", help="Let them change the catalogue and see all customers.")
    ] = False,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin; do not ask.")
    ] = False,
    backend: configuration.BackendOption = None,
    database: configuration.DatabaseOption = None,
) -> None:
    """Add a user, such as the first administrator.

    The password is asked for, or read from stdin. It is no option: others on the machine could see
    that, and a shell would keep it.
    """
    settings, layer = _opened(backend, database)
    body = _validated(name, email, _password(from_stdin=password_stdin))
    running.run(_create(layer, settings, body, admin=admin))
    console.show(f"added {body.username}, an administrator" if admin else f"added {body.username}")


def grant(
    name: NameArgument,
    backend: configuration.BackendOption = None,
    database: configuration.DatabaseOption = None,
) -> None:
    """Make a user an administrator, from their next log-in on."""
    settings, layer = _opened(backend, database)
    user = running.run(_set_admin(layer, settings, name, is_admin=True))
    console.show(f"{user.username} is an administrator")


def revoke(
    name: NameArgument,
    backend: configuration.BackendOption = None,
    database: configuration.DatabaseOption = None,
) -> None:
    """Make an administrator an ordinary user again.

    An access token that they have works until it expires, after BAKEOFF_AUTH_ACCESS_LIFETIME.
    """
    settings, layer = _opened(backend, database)
    user = running.run(_set_admin(layer, settings, name, is_admin=False))
    console.show(f"{user.username} is no administrator")


def _opened(backend: str | None, database: str | None) -> tuple[Settings, DataLayer]:
    settings = configuration.load(backend=backend, database_url=database)
    layer = configuration.make_layer(settings)
    if not layer.uses_database:
        raise Failure(f"the backend {settings.backend} forgets its users when this command ends")
    return settings, layer


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not sys.stdin.isatty():
        raise Failure("nobody can be asked for the password here: give it with --password-stdin")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password


def _validated(name: str, email: str, password: str) -> api.UserBody:
    """What the service would take as well."""
    try:
        return api.UserBody(username=name, email=email, password=password)
    except ValidationError as error:
        # Without the values: one is the password.
        lines = [
            f"{item['loc'][0]}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise Failure("\n".join(lines)) from None


async def _create(layer: DataLayer, settings: Settings, body: api.UserBody, *, admin: bool) -> None:
    # Its library takes a moment to import, for which no other command should wait.
    from bakeoff.passwords import Passwords

    new = NewUser(
        id=uuid.uuid4(),
        username=body.username,
        username_key=body.username.casefold(),
        email=body.email,
        password_hash=await Passwords(settings).hash(body.password),
        created_at=timestamps.now(),
        is_admin=admin,
    )
    async with running.opened(layer, settings, migrating="empty files"):
        work = UnitOfWork(layer, contention_retries=settings.contention_retries)
        try:
            await work.write(lambda store: store.users.create(new))
        except UsernameTaken:
            raise Failure(f"there is a user {body.username!r} already") from None
        except EmailTaken:
            raise Failure(f"somebody has the address {body.email} already") from None


async def _set_admin(layer: DataLayer, settings: Settings, name: str, *, is_admin: bool) -> User:
    key = username_key(name)

    async def change(store: Store) -> User:
        login = await store.users.find_login(key) if key else None
        if login is None:
            raise Failure(f"there is no user {name!r}")
        await store.users.set_admin(login.user.id, is_admin)
        return login.user

    async with running.opened(layer, settings, migrating="nothing"):
        work = UnitOfWork(layer, contention_retries=settings.contention_retries)
        return await work.write(change)
