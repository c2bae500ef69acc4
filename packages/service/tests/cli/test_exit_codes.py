from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer.main
from typer.testing import Result

from bakeoff.cli.main import app, users

Bakeoff = Callable[..., Result]

EPILOGS = {
    f"{prefix}{name}": command.epilog
    for prefix, group in (("", app), ("user ", users))
    for name, command in typer.main.get_command(group).commands.items()  # type: ignore[attr-defined]
    if not hasattr(command, "commands")
}
# These take a process of its own; they are reached by the tests of these names.
ELSEWHERE = {
    ("serve", 0): ("test_serve.py", "test_a_server_that_is_told_to_stop_ends_well"),
    ("load", 130): (
        "test_load_signals.py",
        "test_a_load_that_is_interrupted_finishes_its_batch_and_tells_what_it_did",
    ),
    **{
        (name, 0): (
            "test_user.py",
            "test_a_user_is_made_an_administrator_and_an_ordinary_one_again",
        )
        for name in ("user create", "user grant", "user revoke")
    },
    ("outbox", 0): ("test_outbox.py", "test_all_dead_letters_are_replayed"),
    ("outbox", 1): ("test_outbox.py", "test_messages_of_a_process_are_none_of_another"),
    ("outbox", 2): ("test_outbox.py", "test_a_wrong_command_line_is_wrong_usage"),
}
MEMORY = ("--backend", "memory")
CASES: dict[tuple[str, int], tuple[str, ...]] = {
    ("list", 0): (),
    ("list", 1): ("WRONG SETTINGS",),
    ("list", 2): ("--nonsense",),
    ("serve", 1): ("--backend", "nonsense"),
    ("serve", 2): ("--port", "nonsense"),
    ("migrate", 0): (),
    ("migrate", 1): ("--check",),
    ("migrate", 2): ("--check", "--sql"),
    ("load", 0): ("--sample", *MEMORY),
    ("load", 1): ("nonsense.csv", *MEMORY),
    ("load", 2): MEMORY,
    ("openapi", 0): (),
    ("openapi", 1): ("--check", "nonsense.json"),
    ("openapi", 2): ("--check", "a", "--write", "b"),
    ("diff", 0): ("memory", "raw", "books.py"),
    ("diff", 1): ("memory", "nonsense", "books.py"),
    ("diff", 2): ("memory",),
    ("info", 0): MEMORY,
    ("info", 1): ("--backend", "nonsense"),
    ("info", 2): ("--database", "nonsense"),
    ("user create", 1): ("ged", "--email", "ged@example.com", *MEMORY),
    ("user create", 2): ("ged",),
    ("user grant", 1): ("ged", *MEMORY),
    ("user grant", 2): (),
    ("user revoke", 1): ("ged", *MEMORY),
    ("user revoke", 2): (),
}


def documented() -> set[tuple[str, int]]:
    return {
        (name, int(code))
        for name, epilog in EPILOGS.items()
        for code in re.findall(r"^  ([0-9]+)  ", epilog, re.MULTILINE)
    }


def test_every_documented_exit_code_is_tried() -> None:
    assert CASES.keys() | ELSEWHERE.keys() == documented()
    for file, name in ELSEWHERE.values():
        assert f"def {name}(" in Path(__file__).with_name(file).read_text("utf-8")


@pytest.mark.parametrize(("case", "arguments"), CASES.items(), ids=lambda x: "-".join(map(str, x)))
def test_every_documented_exit_code_is_reached(
    bakeoff: Bakeoff, case: tuple[str, int], arguments: tuple[str, ...]
) -> None:
    name, code = case
    if arguments == ("WRONG SETTINGS",):
        result = bakeoff(*name.split(), pool_max="nonsense")
    else:
        result = bakeoff(*name.split(), *arguments)
    assert result.exit_code == code
    assert bool(result.stderr) == (code != 0) or name == "load"
    assert "Traceback" not in result.output
