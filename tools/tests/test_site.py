"""The site: its pages are staged from a small project, and a built one has planted faults."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bakeoff_tasks import site_build, site_check, site_pages, site_reference
from bakeoff_tasks.registry import ROOT, backends
from bakeoff_tasks.running import CheckFailed

FILES = {
    "docs/index.md": f"""\
# Start

{site_pages.REPORT_MARK}

See [the rest](more/), [one](more/one.md#two), [the code](../tools/a.py),
[a template](backend-template), [settings](../.env.example),
[outside](https://example.org/a.md) and [below](#below).

```python
x = table[0](../nothing)
```

```console fails
$ false
```
""",
    "docs/more/README.md": "# More\n\n[One](one.md) and [a run](../../results/README.md).\n",
    "docs/more/one.md": "# One\n\n## Two\n",
    "docs/backend-template/README.md": "# No page\n\n[nothing](nothing.md)\n",
    "docs/backend-template/src/a.py": "```\n~~~\n",
    "docs/backend-template/src/py.typed": "",
    "results/README.md": "# Runs\n\n[The page](../docs/index.md)\n",
    "tools/a.py": "x = 1\n",
    ".env.example": "# A=1\n",
}
POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src \'self\' data:">'
BUILT = {
    "index.html": '<a href="a.html#x">a</a><a href="https://example.org/">b</a><a href=".">c</a>',
    "a.html": '<link rel="stylesheet" href="s.css"><p id="x">a</p><a href="b/">b</a>',
    "b/index.html": '<link rel="canonical" href="https://example.org/"><a href="#">top</a>',
    "404.html": '<a href="/">start</a>',
    "report/index.html": '<a href="#layer?x=1">a view that a script shows</a>',
    "s.css": "a { background: url(data:image/png;base64,AA==) }",
}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return written(tmp_path / "project", FILES)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    policy = {name: POLICY if name.endswith(".html") else "" for name in BUILT}
    return written(tmp_path / "site", {name: policy[name] + text for name, text in BUILT.items()})


def staged(project: Path, *, report: bool = False) -> dict[str, str]:
    folder = project.parent / "pages"
    site_pages.write(folder, root=project, report=report)
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*.md")
    }


def test_links_lead_to_pages_wherever_these_are_in_the_site(project: Path) -> None:
    start = staged(project)["index.md"]
    assert "[the rest](more/README.md)" in start
    assert "[one](more/one.md#two)" in start
    assert "[outside](https://example.org/a.md) and [below](#below)" in start
    assert "[a run](../results/README.md)" in staged(project)["more/README.md"]
    assert "[The page](../index.md)" in staged(project)["results/README.md"]


def test_a_link_to_a_source_leads_to_a_page_that_shows_it(project: Path) -> None:
    pages = staged(project)
    assert "[the code](source/tools/a.py.md)" in pages["index.md"]
    assert "~~~~~~~~ python\nx = 1\n~~~~~~~~\n" in pages["source/tools/a.py.md"]
    assert "[settings](source/env.example.md)" in pages["index.md"]


def test_a_link_to_a_folder_leads_to_a_page_with_all_its_files(project: Path) -> None:
    page = staged(project)["source/docs/backend-template.md"]
    assert page.index("## `README.md`") < page.index("## `src/a.py`")
    assert "py.typed" not in page


def test_the_template_of_a_backend_is_no_page(project: Path) -> None:
    assert not [name for name in staged(project) if name.startswith("backend-template")]


def test_code_stays_as_it_is_but_for_what_the_generator_does_not_know(project: Path) -> None:
    start = staged(project)["index.md"]
    assert "x = table[0](../nothing)" in start
    assert "```console\n$ false" in start


@pytest.mark.parametrize("link", ["gone.md", "../../elsewhere.md", "gone/"])
def test_a_link_to_nothing_is_named_with_its_page(project: Path, link: str) -> None:
    (project.parent / "elsewhere.md").write_text("", "utf-8")
    (project / "docs/more/one.md").write_text(f"[x]({link})", "utf-8")
    with pytest.raises(CheckFailed, match=rf"docs/more/one\.md: {link} is not there"):
        staged(project)


def test_the_report_is_linked_where_there_is_one(project: Path) -> None:
    assert "report/index.html" not in staged(project)["index.md"]
    assert "[Open the report](report/index.html)" in staged(project, report=True)["index.md"]


def test_both_pages_that_speak_of_the_report_have_a_place_for_its_link() -> None:
    for name in ("index.md", "choose-a-layer.md"):
        assert site_pages.REPORT_MARK in (ROOT / "docs" / name).read_text("utf-8")


def test_a_sound_site_has_no_problems(built: Path) -> None:
    assert site_check.problems(built) == []


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        (
            "b/index.html",
            '<a href="c.html">',
            "index.html links to c.html: there is no such file",
        ),
        ("b/index.html", '<a href="../a.html#y">', "to ../a.html#y: there is no such anchor"),
        ("b/index.html", '<a href="#y">', "b/index.html links to #y: there is no such anchor"),
        ("b/index.html", '<img src="c.png">', "links to c.png: there is no such file"),
        ("c.html", "<p>c", "c.html: no page links to it"),
        ("c.html", "<p>c", "c.html does not forbid its scripts to load from other hosts"),
        (
            "a.html",
            '<link href="//x.org/f.css" rel="stylesheet">',
            "loads //x.org/f.css from",
        ),
        (
            "a.html",
            '<link href="https://x.org" rel="preconnect">',
            "loads https://x.org from another",
        ),
        ("a.html", '<script src="https://x.org/a.js"></script>', "loads https://x.org/a.js from"),
        ("a.html", '<img srcset="https://x.org/a.png 2x">', "loads https://x.org/a.png 2x from"),
        ("a.html", "<style>@import 'https://x.org/a.css';</style>", "loads https://x.org/a.css"),
        ("a.html", '<p style="background:url(//x.org/a)">', "a.html loads //x.org/a from another"),
        ("s.css", "@font-face { src: url(https://x.org/f) }", "s.css loads https://x.org/f"),
        ("s.css", '@import url("//x.org/f.css");', "s.css loads //x.org/f.css"),
    ],
)
def test_each_fault_is_found(built: Path, file: str, text: str, problem: str) -> None:
    with (built / file).open("a", encoding="utf-8") as page:
        page.write(text)
    assert problem in "\n".join(site_check.problems(built))


def test_a_link_that_is_broken_on_many_pages_is_named_once(built: Path) -> None:
    for name in ("index.html", "a.html"):
        with (built / name).open("a", encoding="utf-8") as page:
            page.write('<a href="./gone.html">')
    fault = "a.html links to ./gone.html: there is no such file (and 1 more)"
    assert site_check.problems(built) == [fault]


def test_the_navigation_names_each_page_once_and_only_pages_that_are_there() -> None:
    listed = list(
        _pages(tomllib.loads(site_build.CONFIGURATION.read_text("utf-8"))["project"]["nav"])
    )
    assert len(set(listed)) == len(listed)
    written = {str(place) for place in site_pages.places(ROOT).values()}
    reference = {f"reference/{name}" for name in site_reference.PAGES}
    assert set(listed) <= written | reference
    # The others are reached from the index of their folder.
    assert {name for name in written if "/" not in name} | reference <= set(listed)


def _pages(entries: list[dict[str, object]]) -> Iterator[str]:
    for entry in entries:
        for value in entry.values():
            if isinstance(value, list):
                yield from _pages(value)
            else:
                yield str(value)


def test_the_index_of_the_decisions_lists_every_one() -> None:
    folder = ROOT / "docs/decisions"
    index = (folder / "README.md").read_text("utf-8")
    for path in folder.glob("0*.md"):
        assert f"({path.name})" in index


def test_the_page_on_choosing_explains_every_kind_of_layer() -> None:
    page = (ROOT / "docs/choose-a-layer.md").read_text("utf-8")
    explained = set(re.findall(r"(?m)^\| ([^|]+?) \|", page))
    assert {one.kind for one in backends() if one.databases} <= explained
