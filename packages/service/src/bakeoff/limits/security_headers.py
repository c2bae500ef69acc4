"""Headers that tell a browser to trust an answer no further than it needs."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# In the order of the page that documents them, docs/limits.md.
_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
_POLICY = b"content-security-policy"
# The pages have a stricter policy of their own, and the report has one inside.
_FRAMES = (_POLICY, b"frame-ancestors 'none'")
# For a year, and for this host alone: whoever runs this need not run its subdomains.
_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")


class SecurityHeadersMiddleware:
    """Adds these headers to every answer, refusals and preflights included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # By plain HTTP anyone on the way could have sent it, so browsers ignore it there.
        added = [*_ALWAYS, _TRANSPORT] if scope.get("scheme") == "https" else _ALWAYS

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), *added]
                if not any(name == _POLICY for name, _ in headers):
                    headers.append(_FRAMES)
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, send_with_headers)
