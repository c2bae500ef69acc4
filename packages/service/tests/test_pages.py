from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from pathlib import Path

import httpx

from bakeoff.app import create_app
from bakeoff.settings import Settings
from bakeoff_memory.layer import Layer
from bakeoff_schemas.config import LayerConfig


def get(path: str, *, backend: str = "memory", report: Path = Path("nowhere")) -> httpx.Response:
    async def scenario() -> httpx.Response:
        settings = Settings(_env_file=None, backend=backend, report=report)  # type: ignore[call-arg]
        transport = httpx.ASGITransport(create_app(settings, Layer(LayerConfig())))
        async with httpx.AsyncClient(transport=transport, base_url="http://bookstore") as client:
            return await client.get(path)

    return asyncio.run(scenario())


def links(page: str) -> list[str]:
    return re.findall(r'(?:href|src)="([^"]*)"', page)


def test_the_start_page_names_the_backend_and_leads_to_what_there_is() -> None:
    page = get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "<strong>memory</strong>" in page.text
    assert {"/docs", "/info", "/openapi.json", "/books"} == set(links(page.text))
    for link in links(page.text):
        assert get(link).status_code == 200


def test_the_start_page_leads_to_the_report_when_there_is_one(tmp_path: Path) -> None:
    report = tmp_path / "index.html"
    assert get("/report", report=report).status_code == 404
    report.write_text("<!doctype html><title>Comparison</title>", encoding="utf-8")
    assert 'href="/report"' in get("/", report=report).text
    page = get("/report", report=report)
    assert page.headers["content-type"].startswith("text/html")
    assert page.text == report.read_text("utf-8")


def test_what_is_put_into_the_start_page_is_escaped() -> None:
    assert "<script>" not in get("/", backend='"><script>').text


def test_the_documentation_loads_nothing_from_another_host() -> None:
    page = get("/docs").text
    for link in links(page):
        assert link.startswith("/"), link
        assert get(link).status_code == 200
    assert "http" not in re.sub(r"<!--.*?-->", "", page)


def test_the_documentation_works_under_its_strict_policy() -> None:
    page = get("/docs")
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    [script] = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}'" in policy
    assert "<style" not in page.text
    assert " style=" not in page.text


def test_swagger_ui_comes_with_its_licence() -> None:
    assert "Apache License" in get("/docs/assets/swagger/LICENSE").text
