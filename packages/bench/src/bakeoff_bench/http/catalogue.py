"""All arms that are timed over HTTP; the controller reads it, so nothing here imports a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bakeoff_bench.arms import catalogue

BARE = "bare"
"""What every rate over HTTP is divided by."""
ALWAYS = ("memory", catalogue.REFERENCE)
"""The backends that take part in every run: the layers are compared with them."""
SCENARIOS = ("point-read", "page-first")

_LAYERS = ("sqlalchemy", "tortoise", "gino", "databases")
_SERVICE = "bakeoff_bench.http.serving:service"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpArm:
    """One server process: `application` makes what it serves, in the environment of `backend`."""

    name: str
    kind: Literal["adapter", "twin", "control"]
    backend: str
    description: str
    application: str = _SERVICE
    databases: tuple[str, ...] = catalogue.DATABASES

    @property
    def is_service(self) -> bool:
        """Whether it is the whole service, which does more than read."""
        return self.application == _SERVICE


def _layer(name: str) -> HttpArm:
    return HttpArm(
        name=name,
        kind="adapter",
        backend=name,
        description="The whole service over the adapter as it ships.",
        databases=catalogue.BY_NAME[name].databases,
    )


ARMS = (
    HttpArm(
        name=BARE,
        kind="control",
        backend="memory",
        description="FastAPI endpoints that take the same parameters and answer the same models "
        "from memory, and do nothing else.",
        application="bakeoff_bench.http.serving:bare",
    ),
    HttpArm(
        name="memory",
        kind="control",
        backend="memory",
        description="The whole service over the backend without a database: what it costs itself.",
    ),
    _layer(catalogue.REFERENCE),
    HttpArm(
        name=catalogue.TWIN,
        kind="twin",
        backend=catalogue.REFERENCE,
        description="`raw` again: the noise floor.",
    ),
    *(_layer(name) for name in _LAYERS),
    HttpArm(
        name="sync",
        kind="control",
        backend="sqlalchemy",
        description="A `def` endpoint with a synchronous SQLAlchemy session, and no service.",
        application="bakeoff_bench.http.sync:application",
    ),
)
BY_NAME = {arm.name: arm for arm in ARMS}
