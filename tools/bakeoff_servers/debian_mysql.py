"""Fetch MySQL from Debian's development suite into a folder, without touching the system."""

from __future__ import annotations

import os
import platform
import pwd
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from bakeoff_servers.model import Unavailable
from bakeoff_servers.processes import run, say

PACKAGE = "mysql-server-core"
SUITE = "sid"
ADVICE = (
    "install Docker, or run this on Debian (apt-get and dpkg-deb are all it needs), "
    "or set BAKEOFF_TEST_MYSQL_URL to a MySQL server of yours"
)

_RELEASES = frozenset({"stable", "oldstable", "testing", "unstable", "sid"})
_ONE_LINE = re.compile(r"^\s*deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<rest>\S.*)$")


@dataclass(frozen=True)
class Software:
    """An unpacked MySQL that runs on the libraries it was built for, not on the machine's."""

    root: Path

    @property
    def base(self) -> Path:
        """The folder that mysqld calls its basedir."""
        return self.root / "usr"

    def command(self) -> list[str]:
        """Begin a command line that runs mysqld through its own loader."""
        found = [*self.root.glob("usr/lib/*/libc.so.6"), *self.root.glob("lib/*/libc.so.6")]
        for libraries in (path.parent for path in found):
            # The loader's name differs between processors: ld-linux-x86-64.so.2, ld64.so.2 …
            for loader in sorted([*libraries.glob("ld-linux*.so.*"), *libraries.glob("ld64.so.*")]):
                mysqld = str(self.base / "sbin" / "mysqld")
                return [str(loader), "--library-path", str(libraries), mysqld]
        raise Unavailable(f"no loader among the libraries in {self.root}: remove it and try again")


def fetched(cache: Path) -> Software:
    """Answer the MySQL in the cache, downloaded first where it is not there yet."""
    software = fetched_before(cache)
    if software is None:
        _download(cache, into=_root(cache))
    return software or Software(_root(cache))


def fetched_before(cache: Path) -> Software | None:
    """Answer the MySQL in the cache, if it is there."""
    return Software(_root(cache)) if _root(cache).is_dir() else None


def _root(cache: Path) -> Path:
    return cache / "mysql-software"


def _download(cache: Path, *, into: Path) -> None:
    missing = [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    if missing or release.get("ID") != "debian":
        raise Unavailable(f"MySQL cannot be fetched on this system: {ADVICE}")
    work = cache / "mysql-download"
    shutil.rmtree(work, ignore_errors=True)
    configuration = _configure(work, codename=release.get("VERSION_CODENAME", SUITE))
    say("mysql: downloading MySQL from the distribution's development suite (about 70 MB) …")
    apt = ["apt-get", "-c", str(configuration), "-q", "-y"]
    try:
        # One source that does not have the suite makes this fail although the others do; whether
        # it matters shows in the next step.
        update = run([*apt, "update"], timeout=300, check=False)
        archives = work / "cache" / "archives"
        try:
            run([*apt, "--download-only", "install", PACKAGE], timeout=900)
        except Unavailable as error:
            raise Unavailable(f"{error}\n{update.stderr[-1500:]}\n{ADVICE}") from None
        say("mysql: unpacking …")
        unpacked = work / "unpacked"
        for archive in sorted(archives.glob("*.deb")):
            run(["dpkg-deb", "--extract", str(archive), str(unpacked)], timeout=120)
        unpacked.rename(into)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _configure(work: Path, *, codename: str) -> Path:
    """Write an apt configuration that reads and writes nothing but this folder."""
    for folder in ("lists/partial", "state", "cache/archives/partial"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()  # no package counts as installed, so all libraries are fetched
    parts = work / "sources.list.d"
    if not rewrite_tree(Path("/etc/apt"), into=parts, suite=SUITE, codename=codename):
        raise Unavailable(
            f"no source of the distribution in /etc/apt to fetch MySQL from: {ADVICE}"
        )
    user = pwd.getpwuid(os.geteuid()).pw_name
    settings = {
        "Dir::State": work / "state",
        "Dir::State::Lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": parts,
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "APT::Default-Release": "",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": user,  # apt's own user may not enter a home folder
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    hooks = ["APT::Update::Pre-Invoke", "APT::Update::Post-Invoke"]
    hooks += ["APT::Update::Post-Invoke-Success", "DPkg::Post-Invoke", "DPkg::Pre-Invoke"]
    lines = [f"#clear {hook};" for hook in hooks]
    lines += [f'{key} "{value}";' for key, value in settings.items()]
    path = work / "apt.conf"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rewrite_tree(folder: Path, *, into: Path, suite: str, codename: str) -> int:
    """Write rewritten copies of the sources in `folder` (an /etc/apt) and answer how many."""
    into.mkdir(parents=True, exist_ok=True)
    written = 0
    candidates = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    for number, source in enumerate(path for path in candidates if path.is_file()):
        rewrite = {".list": rewrite_one_line, ".sources": rewrite_deb822}.get(source.suffix)
        if rewrite is None:  # apt reads no other names either, such as FILE.list.save
            continue
        text = rewrite(source.read_text(encoding="utf-8"), suite=suite, codename=codename)
        if text:
            copy = into / f"{number:02}-{source.stem}{source.suffix}"
            copy.write_text(text, encoding="utf-8")
            written += 1
    return written


def rewrite_deb822(text: str, *, suite: str, codename: str) -> str:
    """Move the distribution's own stanzas of a `.sources` file to `suite`; leave the others out."""
    moved = []
    for stanza in _stanzas(text):
        if stanza.get("enabled", "yes").strip().lower() in ("no", "false", "without", "off", "0"):
            continue
        ours = _is_release(stanza.get("suites", "").split(), codename=codename)
        if (
            "deb" in stanza.get("types", "").split()
            and ours
            and "main" in stanza.get("components", "").split()
        ):
            stanza |= {"types": " deb", "suites": f" {suite}", "components": " main"}
            moved.append("\n".join(f"{key}:{value}" for key, value in stanza.items()) + "\n")
    return "\n".join(moved)


def rewrite_one_line(text: str, *, suite: str, codename: str) -> str:
    """Move the distribution's own lines of a `.list` file to `suite`; leave the others out."""
    moved = []
    for line in text.splitlines():
        found = _ONE_LINE.match(line.partition("#")[0])
        if found is None:
            continue
        first, *components = found["rest"].split()
        if _is_release([first], codename=codename) and "main" in components:
            options = f"[{found['options'].strip()}] " if found["options"] else ""
            moved.append(f"deb {options}{found['uri']} {suite} main\n")
    return "".join(dict.fromkeys(moved))


def _is_release(suites: list[str], *, codename: str) -> bool:
    # Updates, security and backports have no counterpart in the development suite.
    return any(suite in _RELEASES or suite == codename for suite in suites)


def _stanzas(text: str) -> list[dict[str, str]]:
    """Read the fields of each stanza, continued lines too: a key may be a whole keyring."""
    stanzas: list[dict[str, str]] = [{}]
    key = ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if not line.strip():
            stanzas.append({})
        elif line[0] in " \t":
            stanzas[-1][key] += "\n" + line
        else:
            key, _, value = line.partition(":")
            key = key.strip().lower()
            stanzas[-1][key] = value
    return [stanza for stanza in stanzas if stanza]
