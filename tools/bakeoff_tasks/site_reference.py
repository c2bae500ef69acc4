"""Writes the reference pages of the site: `python -m bakeoff_tasks.site_reference FOLDER`.

It imports the packages that it describes, so it runs in the environment for development.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from typer.testing import CliRunner

from bakeoff.cli.main import app as bakeoff
from bakeoff.settings import PREFIX, Settings
from bakeoff_bench.cli.main import app as bakeoff_bench
from bakeoff_report.cli import app as bakeoff_report
from bakeoff_schemas import ports

_SETTINGS = """\
# Settings of the service

Each is an environment variable, or a line of a file `.env` in the folder where the service starts.
The environment overrides the file, and an option of `bakeoff` overrides both. Times are in seconds.
"""
_COMMAND = """\
# The command `{}`

What `--help` prints, for the command itself and for each of its parts.
"""
_PORT = "# The port: `bakeoff_schemas.ports`\n"
_RAISES = re.compile(r"^:raises (\w+): ", re.MULTILINE)
# Of the terminal that the help is printed for.
_COLUMNS = "88"


def settings() -> str:
    """Every setting with its default and what it does."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | {_default(field)} | {_cell(field.description or '')} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return _SETTINGS + "\n| variable | default | meaning |\n| --- | --- | --- |\n" + "".join(rows)


def command(app: typer.Typer) -> str:
    """The help of a command and of each of its parts."""
    name = str(app.info.name)
    text = _COMMAND.format(name) + f"\n## {name}\n\n{_help(app)}"
    return text + "".join(
        f"\n## {name} {' '.join(part)}\n\n{_help(app, *part)}" for part in parts(app)
    )


def parts(app: typer.Typer) -> Iterator[tuple[str, ...]]:
    """The names of its commands; those of a group after that of the group."""
    for part in app.registered_commands:
        yield (str(part.name),)
    for group in app.registered_groups:
        if (inner := group.typer_instance) is not None:
            for part in inner.registered_commands:
                yield str(inner.info.name), str(part.name)


def port() -> str:
    """The classes of the port with their methods, as its source says."""
    module = ast.parse(Path(ports.__file__).read_text(encoding="utf-8"))
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    intro = f"\n{_prose(module)}\n"
    return _PORT + intro + "".join(part for node in classes for part in _class(node))


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        # Everybody can read the defaults; they are no secrets.
        value = value.get_secret_value()
    if value is None or value in ("", []):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _help(app: typer.Typer, *part: str) -> str:
    environment = {"COLUMNS": _COLUMNS, "TERM": "dumb", "NO_COLOR": "1"}
    result = CliRunner(env=environment).invoke(app, [*part, "--help"])
    if result.exit_code:
        raise RuntimeError(f"{app.info.name} {' '.join(part)} --help: {result.output}")
    lines = [line.rstrip() for line in result.output.strip("\n").splitlines()]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def _class(node: ast.ClassDef) -> Iterator[str]:
    yield f"\n## {node.name}\n\n{_prose(node)}\n"
    for member in node.body:
        if isinstance(member, ast.AnnAssign):
            yield f"\n```python\n{ast.unparse(member)}\n```\n"
        elif isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"\n### {node.name}.{member.name}\n\n"
            yield f"```python\n{_signature(member)}\n```\n\n{_prose(member)}\n"


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The lines before the docstring, one parameter a line where they are long."""
    prefix = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    answer = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    parameters = ast.unparse(node.args)
    line = f"{prefix} {node.name}({parameters}){answer}"
    if len(line) > int(_COLUMNS):
        line = line.replace(f"({parameters})", f"(\n    {parameters}\n)", 1)
    decorators = [f"@{ast.unparse(one)}\n" for one in node.decorator_list]
    return "".join(decorators) + line


def _prose(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The docstring as Markdown: what is raised becomes a list."""
    text = ast.get_docstring(node) or ""
    before, mark, raised = text.partition(":raises ")
    if not mark:
        return text
    return before + _RAISES.sub(r"- raises `\1`: ", mark + raised)


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "bakeoff.md": lambda: command(bakeoff),
    "bakeoff-bench.md": lambda: command(bakeoff_bench),
    "bakeoff-report.md": lambda: command(bakeoff_report),
    "port.md": port,
}


def main(folder: str) -> None:
    """Write every page into this folder."""
    # What is in force here must not show in a help text.
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        Path(folder, name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
