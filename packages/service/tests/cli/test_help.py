from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import typer.main
from typer.testing import Result

from bakeoff.cli.main import app

GROUP: Any = typer.main.get_command(app)


def leaves(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


COMMANDS: dict[str, Any] = dict(leaves(GROUP))
PARAMETERS = [
    pytest.param(parameter, id=f"{name}-{parameter.name}")
    for name, command in {"bakeoff": GROUP, **COMMANDS}.items()
    for parameter in command.params
]

Bakeoff = Callable[..., Result]


def test_there_are_eleven_commands() -> None:
    assert list(COMMANDS) == [
        *("list", "serve", "migrate", "load", "outbox", "openapi", "info", "diff"),
        *("user create", "user grant", "user revoke"),
    ]


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_every_option_and_argument_has_help(parameter: Any) -> None:
    assert parameter.help
    assert parameter.help.endswith((".", "[/dim]"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_examples_and_exit_codes(name: str, bakeoff: Bakeoff) -> None:
    result = bakeoff(*name.split(), "--help")
    assert result.exit_code == 0
    for expected in (COMMANDS[name].help.split("\n")[0], "Examples", "Exit codes"):
        assert " ".join(expected.split()) in " ".join(result.stdout.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_are_commands_that_exist_with_options_that_exist(name: str) -> None:
    examples = re.findall(r"^  bakeoff (.*)$", COMMANDS[name].epilog, re.MULTILINE)
    assert examples
    known = {flag for parameter in COMMANDS[name].params for flag in parameter.opts}
    for example in examples:
        assert f"{example} ".startswith(f"{name} ")
        assert set(re.findall(r"(?<= )--?[a-z-]+", example)) <= known


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_fit_on_a_line_of_a_usual_terminal(name: str, bakeoff: Bakeoff) -> None:
    shown = bakeoff(*name.split(), "--help").stdout.splitlines()
    for line in COMMANDS[name].epilog.splitlines():
        plain = re.sub(r"\[/?bold\]", "", line)
        assert any(plain.strip() == each.strip() for each in shown), plain


def test_without_a_command_there_is_help(bakeoff: Bakeoff) -> None:
    result = bakeoff()
    assert result.exit_code == 2
    assert "Commands" in result.output


def test_the_version_is_that_of_the_package(bakeoff: Bakeoff) -> None:
    result = bakeoff("--version")
    assert result.exit_code == 0
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+\S*\n", result.stdout)
