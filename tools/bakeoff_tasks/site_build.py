"""Builds docs/ as a site in build/site; the old one stays until the new one is without fault."""

from __future__ import annotations

import shutil
from pathlib import Path

from bakeoff_tasks import site_check, site_pages
from bakeoff_tasks.registry import ROOT
from bakeoff_tasks.running import CheckFailed, all_pass

CONFIGURATION = ROOT / "docs/zensical.toml"
SITE = ROOT / "build/site"
REPORT = ROOT / "build/report"
# The site can only be built in a folder below that of its configuration.
_PROJECT = ROOT / "build/site-project"


def build(*, python: Path, zensical: Path) -> None:
    """Build it: `python` has all our packages, `zensical` the site generator.

    :raises CheckFailed: a link is broken, no link leads to a page, or a page loads something from
        another host.
    """
    shutil.rmtree(_PROJECT, ignore_errors=True)
    pages = _PROJECT / "pages"
    has_report = (REPORT / "index.html").exists()
    site_pages.write(pages, report=has_report)
    shutil.copy(CONFIGURATION, _PROJECT)
    shutil.copytree(CONFIGURATION.with_name("theme"), _PROJECT / "theme")
    reference = [str(python), "-m", "bakeoff_tasks.site_reference", str(pages / "reference")]
    all_pass({"reference": reference}, environment={"PYTHONPATH": str(ROOT / "tools")})
    options = ["--strict", "--clean", "--config-file", str(_PROJECT / CONFIGURATION.name)]
    all_pass({"zensical": [str(zensical), "-m", "zensical", "build", *options]})
    built = _PROJECT / "site"
    if has_report:
        ignored = shutil.ignore_patterns("screenshots")
        shutil.copytree(REPORT, built / "report", ignore=ignored)
    if problems := site_check.problems(built):
        raise CheckFailed("\n".join(problems))
    shutil.rmtree(SITE, ignore_errors=True)
    built.replace(SITE)
