"""The container files agree with backends.toml and with the servers started without Docker."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from typing import Any

import pytest
import yaml

from bakeoff_servers.compose import FILE, PASSWORDS, port_variable, require_engine, url_of
from bakeoff_servers.model import DATABASES, NAMES, OWN_PORTS, Unavailable
from bakeoff_servers.recipes import (
    MYSQL_FAMILY_SETTINGS,
    MYSQL_SETTINGS,
    POSTGRESQL_INITDB,
    POSTGRESQL_SETTINGS,
    REDIS_SETTINGS,
)
from bakeoff_tasks import checks

ROOT = FILE.parent
BACKENDS: dict[str, dict[str, Any]] = tomllib.loads((ROOT / "backends.toml").read_text())[
    "backends"
]
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVERS = [name for name in SERVICES if name != "bookstore"]
EXACT = re.compile(r"[a-z]+:\d+\.\d+(\.\d+)?(-[a-z]+)*")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, one pair of name and arguments each."""
    text = (ROOT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    pairs = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return [(name, rest.strip()) for name, _, rest in pairs]


def arguments(instruction: str) -> list[str]:
    return [rest for name, rest in instructions() if name == instruction]


def test_every_image_is_pinned_to_an_exact_version() -> None:
    bases = [base.split()[0] for base in arguments("FROM")]
    images = [SERVICES[name]["image"] for name in SERVERS]
    assert len(bases) == 2
    for image in [*bases, *images]:
        assert EXACT.fullmatch(image), image


def test_the_services_cover_every_database_that_a_backend_is_proven_on() -> None:
    wanted = {database for backend in BACKENDS.values() for database in backend["databases"]}
    assert wanted - {"sqlite"} == set(DATABASES)
    assert set(SERVERS) == set(NAMES)


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_has_a_health_check_and_a_profile_and_a_database_a_volume(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert service["healthcheck"]["retries"] >= 10
    assert service["profiles"] == [name]
    if name in DATABASES:
        assert service["volumes"][0].partition(":")[0] in COMPOSE["volumes"]


@pytest.mark.parametrize("name", SERVERS)
def test_the_password_comes_from_a_variable_and_ends_up_in_the_address(name: str) -> None:
    password = SERVICES[name]["environment"][PASSWORDS[name]]
    assert password == f"${{BAKEOFF_{name.upper()}_PASSWORD:-bakeoff}}"
    resolved = {"services": {name: {"environment": {PASSWORDS[name]: "p@ss/word"}}}}
    url = url_of(name, configuration=resolved, port=1234)
    assert url.endswith(":p%40ss%2Fword@127.0.0.1:1234/")
    assert url.startswith(f"{name}://")


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_published_beyond_this_machine(name: str) -> None:
    (published,) = SERVICES[name]["ports"]
    assert published.startswith("127.0.0.1:")
    if name != "bookstore":
        assert f"${{{port_variable(name)}:-" in published
        assert published.endswith(f":{OWN_PORTS[name]}")


def test_containers_get_the_settings_of_the_servers_that_are_started_without_docker() -> None:
    assert SERVICES["mysql"]["command"] == list(MYSQL_SETTINGS)
    assert SERVICES["mariadb"]["command"] == list(MYSQL_FAMILY_SETTINGS)
    postgresql = SERVICES["postgresql"]
    settings = [part for setting in POSTGRESQL_SETTINGS for part in ("-c", setting)]
    assert postgresql["command"] == ["postgres", *settings]
    assert postgresql["environment"]["POSTGRES_INITDB_ARGS"] == POSTGRESQL_INITDB
    assert SERVICES["redis"]["command"][:-2] == ["redis-server", *REDIS_SETTINGS]


def test_the_bookstore_is_built_for_the_backend_that_a_variable_names() -> None:
    bookstore = SERVICES["bookstore"]
    chosen = "${BAKEOFF_BACKEND:-sqlalchemy}"
    assert bookstore["build"] == {"context": ".", "args": {"BACKEND": chosen}}
    assert bookstore["image"].endswith(chosen)
    assert "${BAKEOFF_DATABASE_URL:-" in bookstore["environment"]["BAKEOFF_DATABASE_URL"]
    assert "profiles" not in bookstore
    assert "BACKEND=sqlalchemy" in arguments("ARG")
    assert "sqlalchemy" in BACKENDS


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_build_argument_leads_to_the_package_of_every_backend(
    backend: str,
) -> None:
    copies = [shlex.split(rest) for rest in arguments("COPY") if "--from" not in rest]
    sources = [path.replace("${BACKEND}", backend) for *paths, _ in copies for path in paths]
    assert f"{BACKENDS[backend]['path']}/" in sources
    for source in sources:
        assert (ROOT / source).exists(), source


def test_what_the_dockerfile_copies_is_all_that_enters_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    admitted = {pattern[1:] for pattern in patterns if pattern.startswith("!")}
    copies = [shlex.split(rest) for rest in arguments("COPY") if "--from" not in rest]
    copied = {source.rstrip("/") for *sources, _ in copies for source in sources}
    assert all(any(source.startswith(one) for one in admitted) for source in copied)
    assert all(any(source.startswith(one) for source in copied) for one in admitted)


def test_the_image_installs_only_what_is_locked_and_our_own_packages() -> None:
    steps = [step.split() for rest in arguments("RUN") for step in rest.split("&&")]
    installs = [step for step in steps if "pip" in step[:2]]
    assert len(installs) == 5
    for step in installs:
        assert ("--require-hashes" in step) != ("--no-deps" in step), step
    assert "--no-build-isolation" in next(step for step in installs if step[1] == "wheel")


def test_the_image_has_the_newest_python_that_every_backend_is_proven_with() -> None:
    newest = {backend["pythons"][-1] for backend in BACKENDS.values()}
    assert {base.split()[0].split(":")[1].rsplit(".", 1)[0] for base in arguments("FROM")} == newest


def test_the_image_starts_from_compiled_files() -> None:
    assert any("-m compileall" in rest and "/opt/bakeoff" in rest for rest in arguments("RUN"))


def test_the_image_runs_as_a_user_who_may_write_its_data_folder_alone() -> None:
    (user,) = arguments("USER")
    number, _, group = user.partition(":")
    assert int(number) > 0
    assert int(group) > 0
    (made,) = (rest for rest in arguments("RUN") if "useradd" in rest)
    assert f"groupadd --system --gid {group} bakeoff" in made
    assert f"--uid {number} --gid bakeoff" in made
    assert "--shell /usr/sbin/nologin" in made
    assert "install --directory --owner=bakeoff --group=bakeoff /data" in made
    assert "chown" not in made
    assert "chmod" not in made
    assert arguments("WORKDIR")[-1] == "/data"
    assert arguments("VOLUME") == ["/data"]
    assert "/health/live" in arguments("HEALTHCHECK")[0]


def test_the_image_is_started_and_asked_without_a_shell() -> None:
    assert not arguments("SHELL")
    assert not arguments("ENTRYPOINT")
    (command,) = arguments("CMD")
    assert json.loads(command) == ["bakeoff", "serve", "--host", "0.0.0.0"]
    # After its options a health check reads like CMD: a list is started as it stands.
    (check,) = (rest.partition(" CMD ")[2] for rest in arguments("HEALTHCHECK"))
    assert json.loads(check)[0] == "python"


def test_no_tool_that_builds_or_installs_is_left_in_the_image() -> None:
    stages = [place for place, (name, _) in enumerate(instructions()) if name == "FROM"]
    final = instructions()[stages[-1] :]
    steps = [step.split() for name, rest in final if name == "RUN" for step in rest.split("&&")]
    assert ["python", "-m", "pip", "uninstall", "--yes"] in [step[:5] for step in steps]
    assert ["rm", "-rf", "/usr/local/lib/python*/ensurepip"] in steps
    programs = {step[0] for step in steps}
    assert programs == {"groupadd", "useradd", "install", "python", "rm"}
    copies = [rest for name, rest in final if name in ("COPY", "ADD")]
    assert copies == ["--from=builder /opt/bakeoff /opt/bakeoff"]


def test_the_bookstore_is_confined_to_its_data_and_to_temporary_files() -> None:
    bookstore = SERVICES["bookstore"]
    assert bookstore["read_only"] is True
    assert bookstore["cap_drop"] == ["ALL"]
    assert bookstore["security_opt"] == ["no-new-privileges:true"]
    assert [volume.partition(":")[2] for volume in bookstore["volumes"]] == ["/data"]
    (temporary,) = bookstore["tmpfs"]
    assert temporary.startswith("/tmp:size=")
    assert {"noexec", "nosuid", "nodev"} <= set(temporary.split(","))
    assert not bookstore.keys() & {
        "privileged",
        "cap_add",
        "devices",
        "network_mode",
        "pid",
        "user",
    }


def test_the_bookstore_waits_for_the_servers_whose_profile_is_chosen() -> None:
    condition = {"condition": "service_healthy", "required": False}
    assert SERVICES["bookstore"]["depends_on"] == dict.fromkeys(SERVERS, condition)


def test_ci_runs_every_check_and_builds_every_image_with_the_scripts_that_anybody_can_run() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    sessions = " ".join(jobs["checks"]["strategy"]["matrix"]["sessions"]).split()
    assert sorted(sessions) == sorted(checks.CHECKS)
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert commands == [
        ".ci/run ${{ matrix.sessions }}",
        "python run.py audit",
        "python run.py sbom",
        ".ci/run coverage",
        "python run.py fuzz",
        ".ci/run faults",
        ".ci/run compare",
        'cat build/report/summary.md >> "$GITHUB_STEP_SUMMARY"',
        ".ci/images",
    ]


def test_without_docker_no_container_is_tried() -> None:
    with pytest.raises(Unavailable, match="there is no docker"):
        require_engine()
