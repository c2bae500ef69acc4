"""The same servers from docker-compose.yml, where a Docker engine answers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bakeoff_servers.model import ADMINISTRATORS, OWN_PORTS, Record, Unavailable
from bakeoff_servers.processes import free_port, run, say
from bakeoff_servers.recipes import PREFERRED_PORTS

FILE = Path(__file__).resolve().parents[2] / "docker-compose.yml"
PASSWORDS = {
    "postgresql": "POSTGRES_PASSWORD",
    "mysql": "MYSQL_ROOT_PASSWORD",
    "mariadb": "MARIADB_ROOT_PASSWORD",
    # What redis-cli in its health check reads; the server gets the same as an argument.
    "redis": "REDISCLI_AUTH",
}
READY_SECONDS = 600.0


def port_variable(name: str) -> str:
    """Name the variable that tells docker-compose.yml where to publish this server."""
    return f"BAKEOFF_{name.upper()}_PORT"


def require_engine() -> None:
    """Refuse where there is but a client: an engine has to answer, and Compose to be there."""
    if shutil.which("docker") is None:
        raise Unavailable("there is no docker")
    if run(["docker", "info"], timeout=30, check=False).returncode:
        raise Unavailable("no Docker engine answers")
    if run(["docker", "compose", "version"], timeout=30, check=False).returncode:
        raise Unavailable("this docker has no `compose`")


def compose_up(name: str) -> Record:
    """Bring the service up, on a port that is free, and wait until its health check passes."""
    running = published_port(name)
    port = running or free_port(*PREFERRED_PORTS[name])
    if not running:
        say(f"{name}: starting a container on port {port} …")
    variables = {port_variable(name): str(port)}
    run(
        [*_compose(name), "up", "--detach", "--wait", name],
        timeout=READY_SECONDS,
        environment=variables,
    )
    printed = run([*_compose(name), "config", "--format", "json"], timeout=60).stdout
    url = url_of(name, configuration=json.loads(printed), port=port)
    return Record(source="docker", url=url, port=port, ours=not running)


def compose_down(name: str) -> None:
    """Stop and remove the service's container; its volume keeps the data."""
    run([*_compose(name), "rm", "--stop", "--force", name], timeout=120)


def published_port(name: str) -> int:
    """Answer the port on which the service runs already, or 0."""
    command = [*_compose(name), "port", name, str(OWN_PORTS[name])]
    done = run(command, timeout=60, check=False)
    port = done.stdout.strip().rpartition(":")[2]
    return int(port) if done.returncode == 0 and port.isdigit() else 0


def url_of(name: str, *, configuration: dict[str, Any], port: int) -> str:
    """Make the address of a service, with the password that Compose itself worked out."""
    environment = configuration["services"][name]["environment"]
    password = quote(environment[PASSWORDS[name]], safe="")
    return f"{name}://{ADMINISTRATORS[name]}:{password}@127.0.0.1:{port}/"


def _compose(name: str) -> list[str]:
    # Without its profile a service is missing from what `config` prints.
    return ["docker", "compose", "--file", str(FILE), "--profile", name]
