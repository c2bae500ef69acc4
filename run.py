"""Sets up and runs Bakeoff on a machine that has nothing but Python 3.11 or later.

    python3 run.py compare   the layers side by side, on a page (--databases sqlite needs no server)
    python3 run.py serve     the bookstore on SQLite, with a small catalogue (--backend raw to swap)
    python3 run.py test      every test there is, on every database there is
    python3 run.py NAME …    any session of the noxfile, such as: matrix, lint, lock

The tools go into .venv/ and the environments into .nox/, both beside this file.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements/nox.txt"


def main(arguments: list[str]) -> int:
    """Run one session with nox."""
    if sys.version_info < (3, 11):  # noqa: UP036 - it is run by whatever Python there is
        print("Bakeoff needs Python 3.11 or later: python3.11 run.py …", file=sys.stderr)
        return 2
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    python = _tools()
    name, *rest = arguments
    rest = rest[1:] if rest[:1] == ["--"] else rest
    # -P: modules of the folder in which it is typed are not imported.
    command = [str(python), "-P", "-m", "nox", "--noxfile", str(ROOT / "noxfile.py")]
    command += ["--session", name, *(["--", *rest] if rest else [])]
    if os.name == "posix":
        # In our place, so that an interrupt reaches nox alone, and nox has time to end what runs.
        os.execv(python, command)
    return subprocess.run(command).returncode


def _tools() -> Path:
    """The Python of an environment with nox and uv, made when the lock file asks for it."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = VENV / "bakeoff-stamp"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print("Setting up nox and uv in .venv …", flush=True)
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except subprocess.CalledProcessError:
        sys.exit(
            "Python's own venv does not work here; on Debian and Ubuntu: apt install python3-venv"
        )
    install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
    if subprocess.run(install).returncode:
        sys.exit("nox and uv could not be installed; the lines above say why")
    stamp.write_text(wanted, encoding="utf-8")
    return python


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
