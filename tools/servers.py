"""Give the tests real PostgreSQL, MySQL, MariaDB and Redis servers; needs nothing but Python.

For each server the first of these that works is used:

  1. the address in BAKEOFF_TEST_<NAME>_URL, where it is set;
  2. a server that listens on its usual port of 127.0.0.1;
  3. `docker compose up`, where a Docker engine answers;
  4. the distribution's own server software, and for MySQL a download on Debian.

What is started lives on until `down`. Software, data and logs are kept in
$XDG_CACHE_HOME/bakeoff/servers (or ~/.cache/bakeoff/servers).
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence

from bakeoff_servers import NAMES, Found, Server, Unavailable, available, down, survey, up
from bakeoff_servers.finding import variable

__all__ = ["Server", "available", "main", "up"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and answer its exit code."""
    options = _parser().parse_args(arguments)
    names = tuple(dict.fromkeys(options.names)) or NAMES
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    try:
        if options.command == "down":
            return _down(names)
        found = up(names) if options.command == "up" else survey(names)
    except Unavailable as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.command == "urls":
        return _urls(found, as_json=options.json)
    _table(found, names=names, advise=options.command == "status")
    if options.command == "status":
        return int(bool(found.reasons))
    return int(bool(found.reasons) and options.require)


def _down(names: Sequence[str]) -> int:
    stopped = down(names)
    print(f"stopped: {', '.join(stopped)}" if stopped else "nothing of ours was running")
    return 0


def _urls(found: Found, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({name: s.as_json() for name, s in found.servers.items()}, indent=2))
    else:
        for name, server in found.servers.items():
            print(f"export {variable(name)}={shlex.quote(server.url)}")
    return 0


def _table(found: Found, *, names: Sequence[str], advise: bool) -> None:
    there = [found.servers[name] for name in names if name in found.servers]
    if there:
        lines = [("name", "url", "how", "version")]
        lines += [(s.name, s.shown, s.source, s.version or "unknown") for s in there]
        widths = [max(len(line[column]) for line in lines) for column in range(4)]
        for line in lines:
            print(
                "  ".join(
                    f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)
                ).rstrip()
            )
    for name, reason in found.reasons.items():
        print(f"{name} is not there: {reason}", file=sys.stderr)
    if found.reasons and advise:
        print(f"start what is missing: python {sys.argv[0]} up", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    texts = {
        "up": "start what is missing and wait until it answers",
        "down": "stop what `up` started, and nothing else",
        "status": "show what is there and why the rest is not; exit code 1 unless all are there",
        "urls": "print `export` lines for the servers that are there; starts none",
    }
    for command, text in texts.items():
        sub = commands.add_parser(command, help=text, description=f"{text[0].upper()}{text[1:]}.")
        sub.add_argument(
            "names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; all where none is named"
        )
        if command == "up":
            sub.add_argument("--require", action="store_true", help="exit code 1 if one is missing")
        if command == "urls":
            sub.add_argument("--json", action="store_true", help="one JSON object instead")
    return parser


if __name__ == "__main__":
    sys.exit(main())
