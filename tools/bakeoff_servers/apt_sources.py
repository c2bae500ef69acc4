"""Rewrite the machine's own apt sources to another suite, so that no mirror is ever named here."""

from __future__ import annotations

import re
from pathlib import Path

_RELEASES = frozenset({"stable", "oldstable", "testing", "unstable", "sid"})
_ONE_LINE = re.compile(r"^\s*deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<rest>\S.*)$")


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
    kept = []
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
            kept.append("\n".join(f"{key}:{value}" for key, value in stanza.items()) + "\n")
    return "\n".join(kept)


def rewrite_one_line(text: str, *, suite: str, codename: str) -> str:
    """Move the distribution's own lines of a `.list` file to `suite`; leave the others out."""
    kept = []
    for line in text.splitlines():
        found = _ONE_LINE.match(line.partition("#")[0])
        if found is None:
            continue
        first, *components = found["rest"].split()
        if _is_release([first], codename=codename) and "main" in components:
            options = f"[{found['options'].strip()}] " if found["options"] else ""
            kept.append(f"deb {options}{found['uri']} {suite} main\n")
    return "".join(dict.fromkeys(kept))


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
