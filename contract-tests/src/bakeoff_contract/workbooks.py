"""Reads a workbook (ECMA-376) from its parts; on purpose not with the library that writes them."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

_NAMES = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
_SHEET = re.compile(r"xl/worksheets/sheet([0-9]+)\.xml")
# Control characters have no other way into XML.
_ESCAPED = re.compile(r"_x([0-9A-F]{4})_")

Row = dict[str, str]
"""The cells by the letters of their columns; numbers as they are written."""


def sheets(content: bytes) -> list[list[Row]]:
    """The rows of every sheet.

    :raises BadZipFile: it is no workbook.
    :raises ParseError: a part is no XML.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert parts.testzip() is None
        numbers = sorted(
            int(found[1]) for name in parts.namelist() if (found := _SHEET.fullmatch(name))
        )
        return [_rows(parts.read(f"xl/worksheets/sheet{number}.xml")) for number in numbers]


def _rows(part: bytes) -> list[Row]:
    root = ElementTree.fromstring(part)
    assert root.find(".//x:f", _NAMES) is None, "a cell is a formula"
    return [
        {
            re.sub("[0-9]", "", cell.attrib["r"]): _value(cell)
            for cell in row.iterfind("x:c", _NAMES)
        }
        for row in root.iterfind(".//x:row", _NAMES)
    ]


def _value(cell: ElementTree.Element) -> str:
    if cell.get("t") == "inlineStr":
        text = "".join(part.text or "" for part in cell.iterfind(".//x:t", _NAMES))
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return cell.findtext("x:v", "", _NAMES)
