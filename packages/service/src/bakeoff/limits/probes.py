"""Who watches the service is not limited: it must not be taken for dead because others ask a lot.

A probe also names no host that was chosen for clients: Kubernetes asks by the address of the pod.
"""

from __future__ import annotations

from starlette.types import Scope

_PATHS = frozenset({"/health/live", "/health/ready", "/metrics"})


def is_probe(scope: Scope) -> bool:
    """Whether the request asks for health or metrics, below whatever root path."""
    root_path: str = scope.get("root_path", "")
    path: str = scope["path"]
    return is_probed(path.removeprefix(root_path.rstrip("/")))


def is_probed(path: str) -> bool:
    """Whether this is a path of health or metrics, without a root path."""
    return path in _PATHS
