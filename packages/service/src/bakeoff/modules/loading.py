"""Finds the chosen modules among the installed packages, and adds them to an application."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.metadata import EntryPoint, entry_points

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from bakeoff.modules.errors import BrokenModule, UnknownModule
from bakeoff.modules.module import Module
from bakeoff_schemas.migrate import BOOKSTORE, History, history_of_module

GROUP = "bakeoff.modules"
# What is added to the application after the modules.
_PAGES = frozenset({"docs", "report"})


def load(names: Sequence[str]) -> dict[str, Module]:
    """The modules of these names, in this order.

    :raises UnknownModule: one of them is not installed.
    :raises BrokenModule: one cannot be imported, or is not what a module must be.
    """
    if not names:
        return {}
    installed = entry_points(group=GROUP)
    return {name: _load(name, list(installed)) for name in names}


def histories(names: Sequence[str]) -> list[History]:
    """The histories to migrate, in this order: the bookstore's, and those of the modules.

    :raises UnknownModule: one of them is not installed.
    :raises BrokenModule: one cannot be imported, or is not what a module must be.
    """
    folders = {name: module.migrations for name, module in load(names).items()}
    own = [history_of_module(name, folder) for name, folder in folders.items() if folder]
    return [BOOKSTORE, *own]


def include(app: FastAPI, modules: dict[str, Module]) -> None:
    """Serve the routes of each module below its name.

    :raises BrokenModule: the name of one is a path of the bookstore.
    """
    if not modules:
        return
    paths = [str(route.path).split("/") for route in iter_route_contexts(app.routes)]
    taken = {parts[1] for parts in paths if len(parts) > 1} | _PAGES
    for name, module in modules.items():
        if name in taken:
            raise BrokenModule(f"no module can be called {name}: the bookstore has a path /{name}")
        app.include_router(
            module.router,
            prefix=f"/{name}",
            tags=[name],
            generate_unique_id_function=partial(_operation_id, name),
        )


def _load(name: str, installed: Sequence[EntryPoint]) -> Module:
    points = [point for point in installed if point.name == name]
    if not points:
        raise UnknownModule(name, sorted({point.name for point in installed}))
    if len(points) > 1:
        packages = ", ".join(sorted(map(_package, points)))
        raise BrokenModule(f"several packages have a module {name}: {packages}")
    [point] = points
    subject = f"the module {name} of the package {_package(point)}"
    try:
        module = point.load()
    except (ImportError, AttributeError, SyntaxError) as error:
        raise BrokenModule(f"{subject} cannot be loaded: {error}") from error
    if not isinstance(module, Module):
        raise BrokenModule(f"{subject} must be a bakeoff.modules.module.Module: {point.value}")
    if module.migrations is not None and not any(module.migrations.glob("*.py")):
        raise BrokenModule(f"{subject} has no revisions in {module.migrations}")
    return module


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.module


def _operation_id(name: str, route: APIRoute) -> str:
    """Distinct from the bookstore's, in the document and in generated clients."""
    return f"{name}_{route.name}"
