from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bakeoff.extras import MissingExtra
from bakeoff.telemetry import tracing

Serving = Callable[..., AbstractContextManager[Any]]

COMMAND = "bakeoff serve --backend memory --port 8000"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Collector(ThreadingHTTPServer):
    """What listens at the other end, and keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.paths: list[str] = []
        self.requests: list[ExportTraceServiceRequest] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self) -> list[Any]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.paths.append(self.path)
        self.server.requests.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(served: Any, path: str) -> httpx.Response:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    return httpx.get(served.url + path, headers=headers, trust_env=False, timeout=60)


def attributes(things: Any) -> dict[str, Any]:
    found = {}
    for pair in things.attributes:
        [(_, value)] = pair.value.ListFields()
        found[pair.key] = value
    return found


def test_a_request_is_a_span_with_its_route_and_its_log_line_names_the_trace(
    serving: Serving, collector: Collector
) -> None:
    with serving(COMMAND, telemetry="on") as served:
        assert ask(served, "/books/7").status_code == 404
        assert ask(served, "/metrics").status_code == 200
        assert served.stop() == 0
        lines = [json.loads(line) for line in served.stderr.read_text().splitlines()]
    # What was left went away with the end.
    [span] = collector.spans()
    assert set(collector.paths) == {"/v1/traces"}
    assert (span.name, span.kind) == ("GET /books/{book_id}", span.SPAN_KIND_SERVER)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    told = attributes(span)
    assert told["http.route"] == "/books/{book_id}"
    assert told["http.response.status_code"] == 404
    resource = attributes(collector.requests[0].resource_spans[0].resource)
    assert resource["service.name"] == "bakeoff"
    [line] = [it for it in lines if it["logger"] == "bakeoff.access" and it["path"] == "/books/7"]
    assert (line["trace_id"], line["span_id"]) == (TRACE, span.span_id.hex())
    assert all("trace_id" not in line for line in lines if line.get("path") == "/metrics")


def test_tracing_is_off_unless_it_is_switched_on(serving: Serving, collector: Collector) -> None:
    with serving(COMMAND) as served:
        assert ask(served, "/books/7").status_code == 404
        assert served.stop() == 0
        assert "trace_id" not in served.stderr.read_text()
    assert collector.requests == []


def test_a_collector_that_is_away_costs_no_answer(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    with serving(COMMAND, telemetry="on", log_format="text") as served:
        assert ask(served, "/books/7").status_code == 404
        assert served.stop() == 0
        assert f" trace {TRACE}" in served.stderr.read_text()


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tracing.start("off") is None
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with pytest.raises(MissingExtra, match=r"pip install \"bakeoff\[telemetry\]\""):
        tracing.start("on")
