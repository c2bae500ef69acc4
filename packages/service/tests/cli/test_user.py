"""`bakeoff user`, with every backend that has a database."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from bakeoff import backends
from bakeoff.passwords import Passwords
from bakeoff.settings import Settings
from bakeoff_schemas.records import Login

Bakeoff = Callable[..., Result]

DATABASE = "sqlite:///shop.db"
CHEAP = {"argon2_time_cost": "1", "argon2_memory_kib": "32"}
CANARY = "correct canary battery"


def create(bakeoff: Bakeoff, backend: str, *more: str, typed: str = f"{CANARY}\n") -> Result:
    return bakeoff(
        *("user", "create", "Ged", "--email", "ged@example.com", "--password-stdin"),
        *("--backend", backend, "--database", DATABASE, *more),
        typed=typed,
        **CHEAP,
    )


def change(bakeoff: Bakeoff, command: str, name: str, backend: str = "raw") -> Result:
    return bakeoff("user", command, name, "--backend", backend, "--database", DATABASE)


def found(backend: str, name: str = "ged") -> Login | None:
    async def scenario() -> Login | None:
        settings = Settings(_env_file=None, backend=backend, database_url=DATABASE)  # type: ignore[call-arg,arg-type]
        layer = backends.make_layer(backend, settings.layer_config())
        await layer.open()
        try:
            async with layer.reading() as store:
                return await store.users.find_login(name)
        finally:
            await layer.close()

    return asyncio.run(scenario())


def login(backend: str) -> Login:
    there = found(backend)
    assert there is not None
    return there


def test_a_user_is_made_an_administrator_and_an_ordinary_one_again(
    bakeoff: Bakeoff, every_backend: str
) -> None:
    result = create(bakeoff, every_backend)
    assert (result.exit_code, result.stdout) == (0, "added Ged\n"), result.stderr
    made = login(every_backend)
    assert (made.user.username, made.user.email, made.is_admin) == ("Ged", "ged@example.com", False)
    passwords = Passwords(Settings(_env_file=None))  # type: ignore[call-arg]
    assert asyncio.run(passwords.verify(made.password_hash, CANARY))
    result = change(bakeoff, "grant", "gED", every_backend)
    assert (result.exit_code, result.stdout) == (0, "Ged is an administrator\n")
    assert login(every_backend).is_admin
    assert change(bakeoff, "grant", "ged", every_backend).exit_code == 0
    result = change(bakeoff, "revoke", "ged", every_backend)
    assert (result.exit_code, result.stdout) == (0, "Ged is no administrator\n")
    assert not login(every_backend).is_admin


def test_the_first_administrator_is_made_in_one_step(bakeoff: Bakeoff, backend: str) -> None:
    result = create(bakeoff, backend, "--admin")
    assert result.stdout == "added Ged, an administrator\n"
    assert login(backend).is_admin


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_end_of_the_line_is_no_part_of_the_password(
    bakeoff: Bakeoff, backend: str, end: str
) -> None:
    assert create(bakeoff, backend, typed=f" {CANARY} {end}").exit_code == 0
    passwords = Passwords(Settings(_env_file=None))  # type: ignore[call-arg]
    assert asyncio.run(passwords.verify(login(backend).password_hash, f" {CANARY} "))


def test_what_the_service_would_refuse_is_refused_without_being_repeated(
    bakeoff: Bakeoff, backend: str
) -> None:
    result = create(bakeoff, backend, typed="canary\n")
    assert result.exit_code == 1
    assert "password: " in result.stderr
    assert "canary" not in result.output
    assert not Path("shop.db").exists()


def test_a_name_or_an_address_that_is_taken_is_named(bakeoff: Bakeoff, backend: str) -> None:
    assert create(bakeoff, backend).exit_code == 0
    again = create(bakeoff, backend)
    assert (again.exit_code, again.stderr) == (1, "error: there is a user 'Ged' already\n")
    other = bakeoff(
        *("user", "create", "Tenar", "--email", "ged@example.com", "--password-stdin"),
        *("--backend", backend, "--database", DATABASE),
        typed=CANARY,
        **CHEAP,
    )
    assert other.exit_code == 1
    assert "somebody has the address ged@example.com already" in other.stderr
    assert CANARY not in again.output + other.output


@pytest.mark.parametrize("name", ["nobody", "x", "\x00\x00\x00"])
@pytest.mark.parametrize("command", ["grant", "revoke"])
def test_a_user_who_does_not_exist_is_an_error(
    bakeoff: Bakeoff, backend: str, command: str, name: str
) -> None:
    assert create(bakeoff, backend).exit_code == 0
    result = change(bakeoff, command, name, backend)
    assert result.exit_code == 1
    assert "there is no user" in result.stderr


def test_nobody_is_asked_where_there_is_no_terminal(bakeoff: Bakeoff, backend: str) -> None:
    arguments = ("user", "create", "ged", "--email", "ged@example.com")
    result = bakeoff(*arguments, "--backend", backend, typed=f"{CANARY}\n{CANARY}\n")
    assert result.exit_code == 1
    assert "--password-stdin" in result.stderr


def test_a_backend_that_keeps_nothing_is_refused(bakeoff: Bakeoff) -> None:
    result = create(bakeoff, "memory")
    assert result.exit_code == 1
    assert "forgets its users" in result.stderr


def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(backend: str) -> None:
    pty = pytest.importorskip("pty", reason="Windows has no terminals of this kind")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "bakeoff", "user", "create", "ged", "--admin"),
            *("--email", "ged@example.com", "--backend", backend, "--database", DATABASE),
        ],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        # getpass asks the terminal that controls the process, which must be this one.
        start_new_session=True,
        env={**os.environ, "BAKEOFF_ARGON2_TIME_COST": "1", "BAKEOFF_ARGON2_MEMORY_KIB": "32"},
    )
    os.close(theirs)
    seen = b""
    for _ in range(2):
        seen += until(ours, b": ")
        os.write(ours, f"{CANARY}\n".encode())
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    assert (process.returncode, out) == (0, b"added ged, an administrator\n"), seen
    assert CANARY.encode() not in seen
    assert login(backend).is_admin


def until(terminal: int, end: bytes) -> bytes:
    seen = b""
    while not seen.endswith(end):
        seen += os.read(terminal, 1)
    return seen
