from __future__ import annotations

import json
from typing import Any

import pytest
from cyclonedx.output.json import JsonV1Dot6

from bakeoff_tasks import checks, locks, sbom

MAIN = f"""\
# written by nox -s lock
aiosqlite==0.22.1 \\
    --hash=sha256:{"a" * 64} \\
    --hash=sha256:{"b" * 64}
PyYAML==6.0.3 ; python_full_version < '3.14' \\
    --hash=sha256:{"c" * 64}
"""
OTHER = f"aiosqlite==0.20.0 \\\n    --hash=sha256:{'d' * 64}\npyyaml==6.0.3\n"


def made(images: dict[str, list[str]]) -> dict[str, Any]:
    texts = {"main": MAIN, "other": OTHER}
    found: dict[str, Any] = json.loads(sbom.document(texts, images, version="1.2.3"))
    return found


def libraries(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["purl"]: one for one in document["components"] if one["type"] == "library"}


def test_every_locked_release_is_named_once_with_the_hashes_of_its_files() -> None:
    found = libraries(made({"raw": ["aiosqlite==0.22.1"]}))
    assert list(found) == [
        "pkg:pypi/aiosqlite@0.20.0",
        "pkg:pypi/aiosqlite@0.22.1",
        "pkg:pypi/pyyaml@6.0.3",
    ]
    (files,) = found["pkg:pypi/aiosqlite@0.22.1"]["externalReferences"]
    assert [each["content"] for each in files["hashes"]] == ["a" * 64, "b" * 64]
    places = [each["value"] for each in found["pkg:pypi/pyyaml@6.0.3"]["properties"]]
    assert places == ["main", "other"]


def test_an_image_depends_on_what_is_in_it_and_the_rest_is_not_handed_out() -> None:
    document = made({"raw": ["aiosqlite==0.22.1", "pyyaml==6.0.3 ; sys_platform != 'win32'"]})
    graph = {one["ref"]: one.get("dependsOn", []) for one in document["dependencies"]}
    assert graph["bakeoff"] == ["bakeoff-raw"]
    assert graph["bakeoff-raw"] == ["pkg:pypi/aiosqlite@0.22.1", "pkg:pypi/pyyaml@6.0.3"]
    scopes = {purl: one["scope"] for purl, one in libraries(document).items()}
    assert scopes["pkg:pypi/aiosqlite@0.20.0"] == "excluded"
    assert scopes["pkg:pypi/aiosqlite@0.22.1"] == "required"
    assert document["metadata"]["component"]["version"] == "1.2.3"


def test_what_is_in_an_image_and_in_no_lock_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the image of raw has aiosqlite 0\.21\.0, which no lock"):
        made({"raw": ["aiosqlite==0.21.0"]})


def test_a_document_that_the_schema_does_not_know_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(JsonV1Dot6, "output_as_string", lambda *_, **__: '{"bomFormat": "x"}')
    with pytest.raises(ValueError, match="not valid"):
        made({"raw": ["pyyaml==6.0.3"]})


def test_the_same_locks_have_the_same_serial_number() -> None:
    first, second = made({"raw": ["pyyaml==6.0.3"]}), made({"raw": ["pyyaml==6.0.3"]})
    assert first["serialNumber"] == second["serialNumber"]
    assert first["serialNumber"] != made({"raw": []})["serialNumber"]


@pytest.mark.parametrize("name", ["main", "gino", "nox"])
def test_nothing_of_a_lock_of_this_repository_is_overlooked(name: str) -> None:
    text = locks.lock_file(name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and line[0] not in " #"]
    found = sbom.releases(text)
    assert len(found) == len(lines)
    assert all(found.values())
    assert sum(len(hashes) for hashes in found.values()) == text.count("--hash=sha256:")


def test_ci_keeps_the_bill_of_materials_where_the_session_writes_it() -> None:
    workflow = (locks.ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert f"path: {checks.SBOM.relative_to(locks.ROOT)}\n" in workflow
