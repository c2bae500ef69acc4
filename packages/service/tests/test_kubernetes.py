from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from bakeoff.settings import PREFIX, Settings

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy/kubernetes"
RESOURCES: dict[str, dict[str, Any]] = {
    resource["kind"]: resource
    for file in sorted(FOLDER.glob("*.yaml"))
    for resource in yaml.safe_load_all(file.read_text("utf-8"))
}
WORKLOADS = ["Deployment", "Job"]


def pod(kind: str) -> dict[str, Any]:
    spec: dict[str, Any] = RESOURCES[kind]["spec"]["template"]["spec"]
    return spec


def container(kind: str) -> dict[str, Any]:
    [only] = pod(kind)["containers"]
    found: dict[str, Any] = only
    return found


def variables(kind: str) -> dict[str, str]:
    """What the container is given, as Kubernetes puts it together."""
    [source] = container(kind)["envFrom"]
    assert source["configMapRef"]["name"] == RESOURCES["ConfigMap"]["metadata"]["name"]
    own = {variable["name"]: variable["value"] for variable in container(kind)["env"]}
    return RESOURCES["ConfigMap"]["data"] | own


@pytest.mark.parametrize("kind", RESOURCES)
def test_every_manifest_is_what_kubernetes_knows_and_nothing_else(kind: str) -> None:
    kubernetes_validate.validate(RESOURCES[kind], kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("kind", RESOURCES)
def test_a_misspelled_field_would_be_noticed(kind: str) -> None:
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(
            RESOURCES[kind] | {"metdata": {}}, kubernetes_validate.latest_version(), strict=True
        )


@pytest.mark.parametrize("kind", WORKLOADS)
def test_the_settings_of_a_pod_are_settings_and_make_sense_together(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    [mount] = [it for it in container(kind)["volumeMounts"] if it["name"] == "secrets"]
    [volume] = [it for it in pod(kind)["volumes"] if it["name"] == "secrets"]
    for item in volume["secret"]["items"]:
        (tmp_path / item["path"]).write_text(f"hunter2 {item['key']}\n")
    for name, value in variables(kind).items():
        monkeypatch.setenv(name, value.replace(mount["mountPath"], str(tmp_path)))
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    url = settings.database()
    assert (url.family, url.host, url.name) == ("postgresql", "postgresql", "bookstore")
    assert url.user == {"Deployment": "bookstore_service", "Job": "bookstore_owner"}[kind]
    assert url.password.startswith("hunter2 ")


def test_the_cursor_key_is_not_the_one_that_everyone_knows() -> None:
    assert "BAKEOFF_CURSOR_KEY_FILE" in variables("Deployment")


@pytest.mark.parametrize("kind", WORKLOADS)
def test_nothing_secret_is_in_a_manifest(kind: str) -> None:
    secret = {name for name in variables(kind) if "PASSWORD" in name or "KEY" in name}
    assert all(name.endswith("_FILE") for name in secret)
    assert "BAKEOFF_DATABASE_URL" not in variables(kind)


@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_pod_may_do_as_little_as_can_be(kind: str) -> None:
    """What Kubernetes' strictest profile, `restricted`, wants of a pod, and more."""
    security = pod(kind)["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    # The user of the image.
    user, group = security["runAsUser"], security["runAsGroup"]
    assert f"\nUSER {user}:{group}\n" in (ROOT / "Dockerfile").read_text()
    assert container(kind)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod(kind)["automountServiceAccountToken"] is False
    assert not pod(kind).keys() & {"hostNetwork", "hostPID", "hostIPC"}
    assert all("hostPort" not in port for port in container(kind).get("ports", []))
    assert {"requests", "limits"} <= set(container(kind)["resources"])


@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_pod_can_write_temporary_files_and_nothing_else(kind: str) -> None:
    volumes = {volume["name"]: volume for volume in pod(kind)["volumes"]}
    for mount in container(kind)["volumeMounts"]:
        volume = volumes.pop(mount["name"])
        if mount["mountPath"] == "/tmp":
            assert volume["emptyDir"]["sizeLimit"]
        else:
            assert "secret" in volume
            assert mount["readOnly"] is True
    assert not volumes


@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_container_starts_the_program_itself_and_no_shell(kind: str) -> None:
    assert "command" not in container(kind)
    assert container(kind)["args"][0] == "bakeoff"


def test_a_pod_has_time_to_answer_what_it_has_begun() -> None:
    pause = container("Deployment")["lifecycle"]["preStop"]["sleep"]["seconds"]
    longest = float(variables("Deployment")["BAKEOFF_REQUEST_TIMEOUT"])
    assert pod("Deployment")["terminationGracePeriodSeconds"] >= pause + longest + 5


def test_the_probes_ask_what_the_service_answers() -> None:
    paths = json.loads((ROOT / "shared-schemas/openapi.json").read_bytes())["paths"]
    probes = {
        name: container("Deployment")[f"{name}Probe"]["httpGet"]
        for name in ("startup", "liveness", "readiness")
    }
    assert {probe["path"] for probe in probes.values()} <= set(paths)
    assert probes["readiness"]["path"] == "/health/ready"
    # A pod whose database is away would be killed, and the next one could do no better.
    assert probes["liveness"]["path"] == "/health/live"


def test_requests_find_their_way_to_the_container() -> None:
    [port] = container("Deployment")["ports"]
    [outer] = RESOURCES["Service"]["spec"]["ports"]
    assert outer["targetPort"] == port["name"]
    assert str(port["containerPort"]) in container("Deployment")["args"]
    labels = RESOURCES["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert RESOURCES["Service"]["spec"]["selector"].items() <= labels.items()
    assert RESOURCES["Deployment"]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    migrations = RESOURCES["Job"]["spec"]["template"]["metadata"]["labels"]
    assert not RESOURCES["Service"]["spec"]["selector"].items() <= migrations.items()


def test_the_migration_is_that_of_the_release_that_is_served() -> None:
    assert container("Job")["image"] == container("Deployment")["image"]
    assert container("Job")["args"] == ["bakeoff", "migrate"]
