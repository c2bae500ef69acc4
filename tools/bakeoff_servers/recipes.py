"""How each server is made and run without Docker: data, so that all are handled alike."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from bakeoff_servers.debian_mysql import fetched
from bakeoff_servers.model import Unavailable
from bakeoff_servers.processes import run

# The same wherever a server of ours runs, docker-compose.yml included; everything else, durability
# above all, stays as the server's makers set it.
SQL_MODE = (
    "ONLY_FULL_GROUP_BY",
    "STRICT_TRANS_TABLES",
    "NO_ZERO_IN_DATE",
    "NO_ZERO_DATE",
    "ERROR_FOR_DIVISION_BY_ZERO",
    "NO_ENGINE_SUBSTITUTION",
)
MYSQL_FAMILY_SETTINGS = (
    "--character-set-server=utf8mb4",
    "--default-time-zone=+00:00",
    f"--sql-mode={','.join(SQL_MODE)}",
    "--max-connections=200",
    "--skip-name-resolve",
)
MYSQL_SETTINGS = (*MYSQL_FAMILY_SETTINGS, "--mysqlx=OFF")
POSTGRESQL_SETTINGS = ("timezone=UTC", "max_connections=200")
POSTGRESQL_INITDB = "--encoding=UTF8 --locale=C.UTF-8"
# Nothing that is kept there must outlive it.
REDIS_SETTINGS = ("--save", "", "--appendonly", "no")

# The last two are relative to the data folder: the path of a socket may not exceed 107 bytes.
_PRIVATE = ("--bind-address=127.0.0.1", "--socket=server.sock", "--pid-file=server.pid")

PREFERRED_PORTS = {
    "postgresql": (5432, 5433),
    "mysql": (3307,),
    "mariadb": (3308,),
    "redis": (6379, 6380),
}

# Without name resolution 127.0.0.1 is not localhost, the only place root may come from at first.
_MYSQL_ROOT = """\
CREATE USER 'root'@'127.0.0.1';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
"""


@dataclass(frozen=True)
class Recipe:
    """The commands that make a data folder and run a server on it."""

    software: str  # what it is and its version: another one makes its data anew
    data: Path
    initialise: tuple[str, ...]
    serve: tuple[str, ...]
    user: str | None = None
    first_sql: str = ""
    port: tuple[str, ...] = ("--port={}",)

    def serving(self, port: int) -> list[str]:
        """Make the command line that runs the server on this port."""
        return [*self.serve, *(part.format(port) for part in self.port)]


def recipe(name: str, *, cache: Path) -> Recipe:
    """Find or fetch the software of a server, or say what to install."""
    if not Path("/proc/self/cmdline").exists():
        raise Unavailable("a server is started without Docker on Linux only: install Docker")
    recipes = {"postgresql": _postgresql, "mysql": _mysql, "mariadb": _mariadb, "redis": _redis}
    return recipes[name](cache)


def _postgresql(cache: Path) -> Recipe:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_numbers)
    if not found:
        raise Unavailable("no binaries in /usr/lib/postgresql: install Docker or `postgresql`")
    binaries = found[-1].parent
    data = cache / "postgresql" / "data"
    user = None
    if os.geteuid() == 0:  # initdb and postgres refuse root
        user = "postgres"
        data = _home_of(user) / hashlib.sha256(os.fsencode(cache)).hexdigest()[:12] / "data"
    settings = [part for setting in POSTGRESQL_SETTINGS for part in ("-c", setting)]
    addresses = ("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=")
    return Recipe(
        software=_version([str(binaries / "postgres")]),
        data=data,
        initialise=(
            str(binaries / "initdb"),
            f"--pgdata={data}",
            "--username=postgres",
            "--auth=trust",
            "--no-instructions",
            *POSTGRESQL_INITDB.split(),
        ),
        serve=(str(binaries / "postgres"), "-D", str(data), *addresses, *settings),
        user=user,
    )


def _mysql(cache: Path) -> Recipe:
    software = fetched(cache)
    data = cache / "mysql" / "data"
    common = (
        *software.command(),
        "--no-defaults",
        *_as_ourselves(),
        f"--basedir={software.base}",
        f"--lc-messages-dir={software.base / 'share' / 'mysql'}",
        f"--datadir={data}",
    )
    return Recipe(
        software=_version(software.command()),
        data=data,
        initialise=(*common, "--initialize-insecure", f"--init-file={data.parent / 'first.sql'}"),
        serve=(*common, *_PRIVATE, "--secure-file-priv=NULL", *MYSQL_SETTINGS),
        first_sql=_MYSQL_ROOT,
    )


def _mariadb(cache: Path) -> Recipe:
    server = shutil.which("mariadbd", path=_search_path())
    installer = shutil.which("mariadb-install-db", path=_search_path())
    if server is None or installer is None:
        raise Unavailable("no mariadbd here: install Docker or `mariadb-server`")
    data = cache / "mariadb" / "data"
    common = ("--no-defaults", *_as_ourselves(), f"--datadir={data}")
    return Recipe(
        software=_version([server]),
        data=data,
        initialise=(
            installer,
            *common,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ),
        serve=(server, *common, *_PRIVATE, *MYSQL_FAMILY_SETTINGS),
    )


def _redis(cache: Path) -> Recipe:
    server = shutil.which("redis-server", path=_search_path())
    if server is None:
        raise Unavailable("no redis-server here: install Docker or `redis-server`")
    data = cache / "redis" / "data"
    # With a title of its own it would not be known again by its data folder.
    private = ("--bind", "127.0.0.1", "--set-proc-title", "no", "--dir", str(data))
    return Recipe(
        software=_version([server]),
        data=data,
        initialise=("mkdir", str(data)),
        serve=(server, *private, *REDIS_SETTINGS),
        port=("--port", "{}"),
    )


def _as_ourselves() -> tuple[str, ...]:
    # Both refuse to run as root without this option.
    return ("--user=root",) if os.geteuid() == 0 else ()


def _home_of(user: str) -> Path:
    # A folder below root's home cannot be entered by anybody else.
    try:
        return Path(pwd.getpwnam(user).pw_dir) / ".bakeoff-servers"
    except KeyError:
        raise Unavailable(f"PostgreSQL refuses root and there is no user `{user}`") from None


def _search_path() -> str:
    # Servers live in sbin, which is not on everybody's path.
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(path))]


def _version(command: list[str]) -> str:
    # A warning may stand before it.
    return run([*command, "--version"], timeout=30).stdout.strip().rpartition("\n")[2]
