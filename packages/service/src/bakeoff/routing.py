"""FastAPI's route, with strict bodies and queries, and a shorter way to a plain read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from inspect import isclass
from typing import Any, get_origin

from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant, _is_coroutine_callable
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, _effective_route_context_var
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from bakeoff.limits.bodies import bounded
from bakeoff.settings import Settings
from bakeoff.strict_json import StrictRequest

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

# The largest body where a route declares none: no author, book, user or order comes near this.
LARGEST_OBJECT = 2**20
# What the route of a list declares; BAKEOFF_MAX_BODY_BYTES bounds every route.
AS_SET = sys.maxsize


class Route(APIRoute):
    """FastAPI's route; `get_route_handler` is how FastAPI means routes to be extended.

    A body is read strictly, and an unknown or repeated query parameter is refused. A body is
    bounded in size by `max_body_size`, FastAPI's parameter of a route, and in time by a setting.

    An `async def` that takes only its path, one query model and plain dependencies does not go
    through FastAPI's general solver, which would take 50 µs more of a point read and 150 µs more of
    a list: together with everything else the service would fall to 0.7 of a bare FastAPI
    application (docs/decisions/0002). Any other route is FastAPI's own. This uses parts of FastAPI
    that it does not promise to keep, hence the ceiling on its version and `test_routing.py`.
    """

    def __init__(self, *args: Any, max_body_size: int | None = None, **options: Any) -> None:
        """`max_body_size` is in bytes; what is larger is answered 413."""
        self._largest = LARGEST_OBJECT if max_body_size is None else max_body_size
        # FastAPI is not told: it would answer what it refuses in plain text.
        super().__init__(*args, **options)

    def get_route_handler(self) -> Handler:
        """What answers a request."""
        # Inside `include_router`, the dependencies of the router and of the inclusion count too.
        included = _effective_route_context_var.get()
        dependant: Dependant = (included or self).dependant
        handle = super().get_route_handler()
        if self.body_field is None and _is_plain(dependant):
            handle = _plain(dependant, general=handle)
        repeatable = _query_parameters(dependant)

        async def strictly(request: Request) -> Response:
            if request.scope["query_string"]:
                check_query(request, repeatable)
            if self.body_field is None:
                return await handle(request)
            settings: Settings = request.app.state.context.settings
            receive = bounded(
                request.receive,
                request.scope,
                largest=min(self._largest, settings.max_body_bytes),
                seconds=settings.body_timeout,
            )
            return await handle(StrictRequest(request.scope, receive))

        return strictly


def _query_parameters(dependant: Dependant) -> dict[str, bool]:
    """The names that a query may hold, and whether each may be repeated."""
    fields: dict[str, FieldInfo] = {}
    for field in dependant.query_params:
        if (model := _model(field)) is None:
            fields[field.alias] = field.field_info
        else:
            fields |= {info.alias or name: info for name, info in model.model_fields.items()}
    names = {name: get_origin(info.annotation) is list for name, info in fields.items()}
    for needed in dependant.dependencies:
        names |= _query_parameters(needed)
    return names


def _model(field: ModelField) -> type[BaseModel] | None:
    annotation = field.field_info.annotation
    return annotation if isclass(annotation) and issubclass(annotation, BaseModel) else None


def check_query(request: HTTPConnection, repeatable: dict[str, bool]) -> None:
    """Go on only with these parameters, and with more than one only of those that are repeatable.

    :raises RequestValidationError: the query has others.
    """
    errors: list[dict[str, Any]] = []
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        error = {"loc": ("query", name), "input": value}
        if name not in repeatable:
            errors.append({**error, "type": "extra_forbidden", "msg": "unknown parameter"})
        elif name in seen and not repeatable[name]:
            errors.append({**error, "type": "repeated", "msg": "must be given once only"})
        seen.add(name)
    if errors:
        raise RequestValidationError(errors)


def _is_plain(dependant: Dependant) -> bool:
    """Whether nothing is needed but the path, one query model and dependencies on the request.

    Nor a thread, which a plain `def` needs.
    """
    return (
        _is_coroutine_callable(dependant.call)
        and _takes_request_alone(dependant)
        and len(dependant.query_params) <= 1
        and all(_model(field) for field in dependant.query_params)
        and all(_is_simple(needed) for needed in dependant.dependencies)
    )


def _is_simple(dependant: Dependant) -> bool:
    return (
        _takes_request_alone(dependant)
        and _is_coroutine_callable(dependant.call)
        and not (dependant.path_params or dependant.query_params or dependant.dependencies)
        and dependant.concurrency is None
    )


def _takes_request_alone(dependant: Dependant) -> bool:
    return not (
        dependant.header_params
        or dependant.cookie_params
        or dependant.body_params
        or dependant.websocket_param_name
        or dependant.http_connection_param_name
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
    )


def _plain(dependant: Dependant, *, general: Handler) -> Handler:
    endpoint: Any = dependant.call
    path, query = dependant.path_params, dependant.query_params
    lists = [name for name, repeatable in _query_parameters(dependant).items() if repeatable]

    async def handle(request: Request) -> Response:
        if request.app.dependency_overrides:
            return await general(request)
        arguments = _request_argument(dependant, request)
        for needed in dependant.dependencies:
            found = await needed.call(**_request_argument(needed, request))  # type: ignore[misc]
            if needed.name is not None:
                arguments[needed.name] = found
        errors: list[Any] = []
        for field in path:
            value = request.path_params[field.alias]
            arguments[field.name], wrong = field.validate(value, loc=("path", field.alias))
            errors += wrong
        for field in query:
            values: dict[str, Any] = dict(request.query_params)
            values.update((n, request.query_params.getlist(n)) for n in lists if n in values)
            arguments[field.name], wrong = field.validate(values, loc=("query",))
            errors += wrong
        if errors:
            raise RequestValidationError(errors)
        response: Response = await endpoint(**arguments)
        return response

    return handle


def _request_argument(dependant: Dependant, request: Request) -> dict[str, Any]:
    name = dependant.request_param_name
    return {} if name is None else {name: request}
