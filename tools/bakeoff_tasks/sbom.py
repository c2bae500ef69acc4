"""The software bill of materials: every release that is locked, and what is in which image.

It runs in the environment for development, which has the library of CycloneDX:

    python -m bakeoff_tasks.sbom IMAGES FILE

IMAGES is a JSON object with a list of pins for the image of each backend.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from bakeoff_tasks import locks

_ENTRY = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?P<rest>.*(?:\n[ \t].*)*)", re.MULTILINE
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """One version of a package from the index."""

    name: str
    version: str


@dataclass(slots=True)
class Locked:
    """Which locks have a release, and the SHA-256 of each of its files."""

    locks: set[str]
    hashes: set[str]


def releases(text: str) -> dict[Release, set[str]]:
    """The releases that a lock file, or a list of pins, names, with the hashes of their files."""
    found: dict[Release, set[str]] = {}
    for entry in _ENTRY.finditer(text):
        release = Release(locks.canonical(entry["name"]), entry["version"])
        found.setdefault(release, set()).update(_HASH.findall(entry["rest"]))
    return found


def locked(texts: Mapping[str, str]) -> dict[Release, Locked]:
    """All releases of these lock files, which are given by name."""
    found: dict[Release, Locked] = {}
    for name, text in texts.items():
        for release, hashes in releases(text).items():
            entry = found.setdefault(release, Locked(set(), set()))
            entry.locks.add(name)
            entry.hashes |= hashes
    return found


def document(texts: Mapping[str, str], images: Mapping[str, Sequence[str]], *, version: str) -> str:
    """The bill of materials as JSON, valid by CycloneDX's own schema.

    What is in no image is marked as `excluded`: it tests or builds, and is not handed out.

    :raises ValueError: something in an image is not locked, or the document is not valid.
    """
    known = locked(texts)
    contents = {name: {*releases("\n".join(pins))} for name, pins in images.items()}
    for name, wanted in contents.items():
        if strange := wanted - known.keys():
            first = min(strange)
            raise ValueError(
                f"the image of {name} has {first.name} {first.version}, which no lock has"
            )
    handed_out = {release for wanted in contents.values() for release in wanted}
    components = {
        release: _component(release, entry, handed_out=release in handed_out)
        for release, entry in sorted(known.items())
    }
    # The same for the same content.
    content = json.dumps([dict(texts), {name: [*pins] for name, pins in images.items()}])
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_OID, content))
    bom.metadata.component = root = Component(
        name="bakeoff", version=version, type=ComponentType.APPLICATION, bom_ref="bakeoff"
    )
    bom.components.update(components.values())
    containers = []
    for name, wanted in sorted(contents.items()):
        container = Component(
            name=f"bakeoff-{name}",
            version=version,
            type=ComponentType.CONTAINER,
            bom_ref=f"bakeoff-{name}",
        )
        bom.components.add(container)
        bom.register_dependency(container, [components[release] for release in sorted(wanted)])
        containers.append(container)
    bom.register_dependency(root, containers)
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    if problem := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise ValueError(f"the bill of materials is not valid: {problem}")
    return text


def _component(release: Release, entry: Locked, *, handed_out: bool) -> Component:
    address = PackageURL("pypi", name=release.name, version=release.version)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=each) for each in sorted(entry.hashes)]
    return Component(
        name=release.name,
        version=release.version,
        type=ComponentType.LIBRARY,
        purl=address,
        bom_ref=address.to_string(),
        scope=ComponentScope.REQUIRED if handed_out else ComponentScope.EXCLUDED,
        # Not hashes of the component: a release consists of several files, and one is installed.
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION,
                url=XsUri(address.to_string()),
                hashes=hashes,
            )
        ],
        properties=[Property(name="bakeoff:lock", value=name) for name in sorted(entry.locks)],
    )


def main(images: str, file: str) -> None:
    """Write the bill of materials of this repository's locks to a file."""
    folder = locks.lock_file("main").parent
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))}
    service = tomllib.loads((locks.SERVICE / "pyproject.toml").read_text(encoding="utf-8"))
    pins = json.loads(Path(images).read_text(encoding="utf-8"))
    text = document(texts, pins, version=service["project"]["version"])
    Path(file).write_text(text + "\n", encoding="utf-8")
    print(f"{len(locked(texts))} releases, {len(pins)} images: {file}")


if __name__ == "__main__":
    main(*sys.argv[1:])
