"""Checks a built site: its links, its anchors, its orphans, and that it asks no other host."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

START = "index.html"
# Pages that no link needs to lead to, and those that other tests look at.
_UNLINKED = ("404.html",)
_FOREIGN = "report/"
# The site is looked at as if it were there.
_ADDRESS = "http://site/"
# Attributes that make a browser load what they name; a `link` does so unless it only refers.
_LOADING = ("src", "srcset", "data", "poster")
_CONFINING = "default-src 'self'"
_REFERRING = {"alternate", "author", "canonical", "license", "next", "prev"}
_STYLE_LOADS = re.compile(r"(?:@import|url\()\s*[\"']?((?:https?:)?//[^\"')\s;]+)", re.IGNORECASE)


def problems(site: Path) -> list[str]:
    """What is wrong with the site in this folder, one sentence each."""
    pages = dict(_read(site))
    found = []
    broken: defaultdict[str, list[str]] = defaultdict(list)
    for name, page in pages.items():
        found += [f"{name} loads {address} from another host" for address in page.loads]
        if not page.is_confined:
            found.append(f"{name} does not forbid its scripts to load from other hosts")
        for fault in _broken(site, name, pages):
            broken[fault].append(name)
    # A fault of the navigation is one of every page.
    for fault, names in broken.items():
        others = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
        found.append(f"{names[0]} {fault}{others}")
    for style in sorted(site.rglob("*.css")):
        text = style.read_text(encoding="utf-8")
        name = style.relative_to(site).as_posix()
        found += [f"{name} loads {address}" for address in _STYLE_LOADS.findall(text)]
    reached = _reached(pages)
    orphans = [name for name in pages if name not in reached and name not in _UNLINKED]
    return found + [f"{name}: no page links to it" for name in orphans]


@dataclass(slots=True)
class _Page:
    """What a page has that matters to others; `is_confined` by a content security policy."""

    is_confined: bool = False
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = _Page()
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self._in_style = tag == "style"
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy":
            self.page.is_confined = _CONFINING in attributes.get("content", "")
        if "id" in attributes:
            self.page.anchors.add(attributes["id"])
        if tag == "a" and "href" in attributes:
            self.page.links.append(attributes["href"])
        self.page.loads += _STYLE_LOADS.findall(attributes.get("style", ""))
        loaded = [attributes[name] for name in _LOADING if name in attributes]
        if tag == "link" and not _REFERRING & set(attributes.get("rel", "").split()):
            loaded.append(attributes.get("href", ""))
        for address in loaded:
            if urlsplit(address).netloc:
                self.page.loads.append(address)
            elif not address.startswith("data:"):
                self.page.links.append(address)

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.page.loads += _STYLE_LOADS.findall(data)


def _read(site: Path) -> Iterator[tuple[str, _Page]]:
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        if not name.startswith(_FOREIGN):
            reader = _Reader()
            reader.feed(path.read_text(encoding="utf-8"))
            yield name, reader.page


def _broken(site: Path, name: str, pages: dict[str, _Page]) -> Iterator[str]:
    for link in dict.fromkeys(pages[name].links):
        target = _target(name, link)
        if target is None:
            continue
        file, fragment = target
        if not (site / file).is_file():
            yield f"links to {link}: there is no such file"
        elif fragment and file in pages and fragment not in pages[file].anchors:
            yield f"links to {link}: there is no such anchor"


def _target(name: str, link: str) -> tuple[str, str] | None:
    """The file and the anchor that a link of this page leads to; None if it leaves the site."""
    parts = urlsplit(urljoin(_ADDRESS + name, link))
    if f"{parts.scheme}://{parts.netloc}/" != _ADDRESS:
        return None
    file = unquote(parts.path).lstrip("/")
    return file + START if file[-1:] in ("", "/") else file, unquote(parts.fragment)


def _reached(pages: dict[str, _Page]) -> set[str]:
    """The pages that links lead to, from the start."""
    reached: set[str] = set()
    waiting = [START]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in pages:
            continue
        reached.add(name)
        targets = (_target(name, link) for link in pages[name].links)
        waiting += [target[0] for target in targets if target is not None]
    return reached
