"""Fuzzes one target with atheris: `python packages/service/tests/fuzz TARGET [OPTION …]`.

The options are those of libFuzzer. `nox -s fuzz` calls it;
docs/fuzzing.md has what to do with what it finds.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["bakeoff", "bakeoff_schemas", "fuzz_targets", "jwt"]):
    from fuzz_targets import TARGETS


def main() -> None:
    """Run until libFuzzer's options end it, or a property does not hold."""
    program, name, *options = sys.argv
    atheris.Setup([program, *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
