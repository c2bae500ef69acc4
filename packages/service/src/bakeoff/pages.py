"""Pages for browsers, and the OpenAPI document; nothing is loaded from another host."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import deque
from html import escape
from pathlib import Path
from string import Template

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.routing import iter_route_contexts
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from bakeoff import openapi

_ASSETS = "/docs/assets"
_START = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bakeoff bookstore</title>
</head>
<body>
<h1>Bakeoff bookstore</h1>
<p>One bookstore API over interchangeable async data layers. Here it runs on the backend
<strong>$backend</strong>.</p>
<ul>
<li><a href="$root/docs">Documentation</a>: every operation, to try out</li>
<li><a href="$root/books">Books</a>: the first page of the catalogue, as JSON</li>
<li><a href="$root/info">Info</a>: the versions of the data layer, its driver and the database</li>
<li><a href="$root/openapi.json">OpenAPI document</a>: for generated clients</li>
$report</ul>
<p>To compare this layer with another, side by side: <code>bakeoff diff $backend OTHER</code>.</p>
</body>
</html>
"""
)
_REPORT = (
    '<li><a href="$root/report">Comparison</a>: what each layer does, and what it costs</li>\n'
)
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def install(app: FastAPI, *, backend: str, report: Path) -> None:
    """Add the pages to the application; the report is one if the file is there now."""
    start = Template(_START.safe_substitute(report=_REPORT if report.is_file() else ""))
    # Now, or the first requests would wait for it; and for FastAPI to build the routes.
    openapi.render(app)
    deque(iter_route_contexts(app.routes), maxlen=0)

    async def serve_start(request: Request) -> Response:
        page = start.substitute(backend=escape(backend), root=escape(_root(request)))
        return HTMLResponse(page, headers=_policy("default-src 'none'"))

    async def serve_document(request: Request) -> Response:
        content = openapi.render(app, root_path=_root(request))
        return Response(content, media_type="application/json")

    async def serve_docs(request: Request) -> Response:
        assets = _root(request) + _ASSETS
        page = get_swagger_ui_html(
            openapi_url=f"{_root(request)}/openapi.json",
            title=app.title,
            swagger_js_url=f"{assets}/swagger/swagger-ui-bundle.js",
            swagger_css_url=f"{assets}/swagger/swagger-ui.css",
            swagger_favicon_url=f"{assets}/fastapi/favicon.png",
        )
        hashes = " ".join(map(_hash, _INLINE_SCRIPT.findall(bytes(page.body).decode())))
        page.headers.update(
            _policy(
                f"default-src 'none'; script-src 'self' {hashes}; style-src 'self'; "
                "img-src 'self' data:; connect-src 'self'"
            )
        )
        return page

    if report.is_file():
        # The page is self-contained, and has a policy of its own.
        app.add_route("/report", lambda _: FileResponse(report), include_in_schema=False)
    app.add_route("/", serve_start, include_in_schema=False)
    app.add_route("/openapi.json", serve_document, include_in_schema=False)
    app.add_route("/docs", serve_docs, include_in_schema=False)
    # Swagger UI, with its licence, from a package that is pinned like every other.
    app.mount(_ASSETS, StaticFiles(packages=[("fastapi_standalone_docs", "static")]))


def _root(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/")


def _policy(directives: str) -> dict[str, str]:
    return {"Content-Security-Policy": f"{directives}; base-uri 'none'; frame-ancestors 'none'"}


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
