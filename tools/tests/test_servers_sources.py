"""The machine's own apt sources, moved to another suite."""

from __future__ import annotations

from pathlib import Path

from bakeoff_servers.debian_mysql import rewrite_deb822, rewrite_one_line, rewrite_tree

DEB822 = """\
# kept by hand
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBFit2ioBEADhWpZ8

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://other.example/node
Suites: nodistro
Components: main

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main
"""

ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/etc/k.gpg] http://mirror.example/debian bookworm main
deb http://mirror.example/debian bookworm-updates main
deb-src http://mirror.example/debian bookworm main
deb http://security.example/debian-security bookworm-security main # security
deb http://vendor.example/linux/debian bookworm stable
deb http://mirror.example/plain stable main contrib
"""


def test_of_a_sources_file_only_the_distributions_own_release_is_moved() -> None:
    assert rewrite_deb822(DEB822, suite="sid", codename="bookworm") == (
        "types: deb\n"
        "uris: http://mirror.example/debian\n"
        "suites: sid\n"
        "components: main\n"
        "signed-by:\n"
        " -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
        " .\n"
        " mQINBFit2ioBEADhWpZ8\n"
    )


def test_of_a_list_file_only_the_distributions_own_release_is_moved() -> None:
    assert rewrite_one_line(ONE_LINE, suite="sid", codename="bookworm") == (
        "deb [arch=amd64 signed-by=/etc/k.gpg] http://mirror.example/debian sid main\n"
        "deb http://mirror.example/plain sid main\n"
    )


def test_a_machine_that_runs_the_development_suite_keeps_its_sources() -> None:
    line = "deb http://mirror.example/debian sid main\n"
    assert rewrite_one_line(line, suite="sid", codename="forky") == line


def test_both_kinds_of_file_are_found_and_others_are_left_alone(tmp_path: Path) -> None:
    parts = tmp_path / "apt" / "sources.list.d"
    parts.mkdir(parents=True)
    (tmp_path / "apt" / "sources.list").write_text(ONE_LINE)
    (parts / "debian.sources").write_text(DEB822)
    (parts / "vendor.list").write_text("deb http://vendor.example/ bookworm-vendor main\n")
    (parts / "old.list.save").write_text(ONE_LINE)
    written = rewrite_tree(
        tmp_path / "apt", into=tmp_path / "new", suite="sid", codename="bookworm"
    )
    assert written == 2
    assert [path.suffix for path in sorted((tmp_path / "new").iterdir())] == [".list", ".sources"]


def test_a_machine_without_sources_gives_none(tmp_path: Path) -> None:
    written = rewrite_tree(tmp_path / "apt", into=tmp_path / "new", suite="sid", codename="sid")
    assert written == 0
