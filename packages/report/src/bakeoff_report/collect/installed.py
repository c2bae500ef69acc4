"""How much a backend installs, from an environment of the checkout, where no run measured it.

Only metadata and sizes are read; the environment's Python is not started.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from bakeoff_bench.costs.deployment import counted
from bakeoff_bench.errors import BenchError
from bakeoff_bench.protocol import Distribution, Environment
from bakeoff_bench.worker.costs import size
from bakeoff_report.inputs import Checkout
from bakeoff_report.model import Backend, Deployment, Figure, Origin, SourceFile


def deployments(
    checkout: Checkout, backends: Sequence[Backend], measured: Collection[str]
) -> Iterator[Deployment]:
    """A deployment for each backend that no run has measured and that has an environment here."""
    for backend in backends:
        path = f".nox/serve-{backend.name}"
        found = sorted((checkout.root / path).glob("lib/python3.*/site-packages"))
        if backend.name in measured or not found:
            continue
        source = SourceFile(path=path, what=f"the environment of {backend.name}", state="read")
        try:
            footprint = counted(backend.package, installed=_environment(found[0]))
        except (BenchError, OSError, ValueError) as error:
            checkout.sources[path] = source.model_copy(
                update={"state": "unreadable", "problem": f"It is not whole: {error}"}
            )
            continue
        checkout.sources[path] = source
        figures = {
            "installed": (footprint.bytes, "bytes"),
            "distributions": (footprint.distributions, "distributions"),
        }
        yield Deployment(
            backend=backend.name,
            arm=backend.name,
            figures={
                name: Figure(
                    value=value, unit=unit, origin=Origin(file=path, pointer="", rule="installed")
                )
                for name, (value, unit) in figures.items()
            },
        )


def _environment(packages: Path) -> Environment:
    """What is installed in this folder, for the Python that it belongs to."""
    version = packages.parent.name.removeprefix("python")
    return Environment(
        markers={
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "python_full_version": f"{version}.0",
            "python_version": version,
        },
        distributions=[
            Distribution(name=one.metadata["Name"], requires=one.requires or [], bytes=size(one))
            for one in importlib.metadata.distributions(path=[str(packages)])
        ],
    )
