"""A page of invented layers in a real browser, and in any other way that a reader opens it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))


import invented_report

from bakeoff_report.model import Report
from bakeoff_report.page import render

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def report() -> Report:
    return invented_report.report()


@pytest.fixture(scope="session")
def html(report: Report) -> str:
    return render(report)


@pytest.fixture(scope="session")
def file(html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on disk, as somebody opens it who has downloaded it."""
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        message = f"The page cannot be tested without a browser: install one of {BROWSERS}."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    # Chromium refuses to sandbox what root starts.
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=arguments)
        yield launched
        launched.close()


@dataclass
class Opened:
    """A page, and what it has done that it must not do."""

    page: Page
    file: Path
    complaints: list[str] = field(default_factory=list)

    def at(self, fragment: str) -> Page:
        """Open the page anew at a fragment, as from a link in a mail."""
        self.page.goto("about:blank")
        self.page.goto(self.file.as_uri() + fragment)
        return self.page

    @property
    def fragment(self) -> str:
        found: str = self.page.evaluate("location.hash")
        return found


class Open(Protocol):
    """Opens the page; at the end it must have asked for nothing and complained of nothing."""

    def __call__(
        self,
        path: Path | None = None,
        *,
        width: int = 1440,
        theme: str = "light",
        scripts: bool = True,
    ) -> AbstractContextManager[Opened]: ...


@pytest.fixture
def opened(browser: Browser, file: Path) -> Open:
    @contextmanager
    def open_(
        path: Path | None = None,
        *,
        width: int = 1440,
        theme: str = "light",
        scripts: bool = True,
    ) -> Iterator[Opened]:
        target = path or file
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            java_script_enabled=scripts,
        )
        page = context.new_page()
        page.set_default_timeout(10_000)
        found = Opened(page, target)

        def asked(address: str) -> None:
            if not address.startswith((target.as_uri(), "data:", "about:")):
                found.complaints.append(f"asked for {address}")

        page.on("request", lambda request: asked(request.url))
        page.on("console", lambda message: found.complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: found.complaints.append(f"error: {error}"))

        def refuse_dialog(dialog: object) -> None:
            found.complaints.append("opened a dialog of the browser")
            page.context.close()

        page.on("dialog", refuse_dialog)
        try:
            found.at("")
            yield found
        finally:
            context.close()
        assert not found.complaints

    return open_
