from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from bakeoff.loading.importing import rejects_file
from bakeoff.loading.reading import CatalogueFile
from bakeoff.loading.rows import Reject


def test_a_reject_keeps_its_columns_and_gets_its_line_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "books.rejects.csv"
    with rejects_file(path, columns=["title", "author"], delimiter=";") as add:
        add([Reject(line=3, fields=["a;b", 'c"d'], reason="isbn: is wrong")])
    assert list(csv.reader(io.StringIO(path.read_text("utf-8")), delimiter=";")) == [
        ["line", "reason", "title", "author"],
        ["3", "isbn: is wrong", "a;b", 'c"d'],
    ]


def test_rejects_are_on_disk_before_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    with rejects_file(path, columns=["title"], delimiter=",") as add:
        add([Reject(line=2, fields=["x"], reason="y")])
        assert path.read_text("utf-8").splitlines()[1] == "2,y,x"


def test_without_rejects_there_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("of an earlier run", "utf-8")
    with rejects_file(path, columns=["title"], delimiter=","):
        pass
    assert not path.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-7"])
def test_what_cannot_be_decoded_is_written_readably(tmp_path: Path, encoding: str) -> None:
    bad = {"utf-8": b"caf\xe9", "utf-16-le": b"\x00\xd8a\x00", "utf-7": b"+2AA-"}[encoding]
    content = "title,author\n".encode(encoding) + bad + ",x\n".encode(encoding)
    [record] = CatalogueFile(io.BytesIO(content), encoding=encoding)
    path = tmp_path / "r.csv"
    with rejects_file(path, columns=["title", "author"], delimiter=",") as add:
        add([Reject(line=2, fields=record.fields, reason="?")])
    assert "\\" in path.read_bytes().decode("utf-8")
