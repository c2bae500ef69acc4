"""Routes that do for a request what ours need, and none of what they do not."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, get_origin

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette import routing
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from bakeoff.strict_json import StrictRequest

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Route(APIRoute):
    """FastAPI's route in what is declared, validated and documented, with a shorter way there.

    FastAPI makes ready for each request whatever a route may need: two stacks for dependencies, a
    response for them to add headers to, cookies, the type of each query parameter. Ours have no
    dependencies, and that was a third of a point read and half of a list. A route with a body goes
    FastAPI's way, and reads it strictly.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """As FastAPI's; a route without a body may have path parameters and one query model."""
        super().__init__(path, endpoint, **options)
        self._literal = path.partition("{")[0]
        if self.body_field is None:
            self.app = routing.request_response(self.get_route_handler())

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Look at the literal beginning of the path first, which tells most routes apart."""
        path = scope["path"]
        fits = path.startswith(self._literal) if self.param_convertors else path == self._literal
        if not fits and not scope.get("root_path"):
            return Match.NONE, {}
        return super().matches(scope)

    def get_route_handler(self) -> Handler:
        """What answers a request."""
        if self.body_field is not None:
            return _strict(super().get_route_handler())
        return self._lean()

    def _lean(self) -> Handler:
        declared, endpoint = self.dependant, self.endpoint
        others = [*declared.dependencies, *declared.header_params, *declared.cookie_params]
        assert not others, "a route without a body takes its path and its query alone"
        path, query = declared.path_params, declared.query_params
        repeatable = [name for field in query for name in _lists(field.field_info.annotation)]

        async def handle(request: Request) -> Response:
            arguments: dict[str, Any] = {}
            errors: list[Any] = []
            for field in path:
                given = request.path_params[field.alias]
                arguments[field.name], wrong = field.validate(given, loc=("path", field.alias))
                errors += wrong
            for field in query:
                asked = _values(request.query_params, repeatable)
                arguments[field.name], wrong = field.validate(asked, loc=("query",))
                errors += wrong
            if errors:
                raise RequestValidationError(errors)
            response: Response = await endpoint(request, **arguments)
            return response

        return handle


def _strict(handle: Handler) -> Handler:
    async def strictly(request: Request) -> Response:
        return await handle(StrictRequest(request.scope, request.receive))

    return strictly


def _lists(model: Any) -> list[str]:
    """The parameters that may be given more than once."""
    assert issubclass(model, BaseModel)
    return [
        field.alias or name
        for name, field in model.model_fields.items()
        if get_origin(field.annotation) is list
    ]


def _values(query: QueryParams, repeatable: Iterable[str]) -> dict[str, Any]:
    """What was given: the last value of each, all values of those that may be repeated."""
    values: dict[str, Any] = dict(query)
    for name in repeatable:
        if name in values:
            values[name] = query.getlist(name)
    return values
