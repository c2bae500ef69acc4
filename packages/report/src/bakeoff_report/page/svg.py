"""Makes a drawing of Vega a part of the page: shorter, and readable by a screen reader as one."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree

from markupsafe import Markup

_SVG: Final = "{http://www.w3.org/2000/svg}"
_NEEDLESS: Final = frozenset(
    {"aria-hidden", "aria-roledescription", "role", "pointer-events", "stroke-miterlimit"}
)
_DEFAULTS: Final = {"opacity": "1", "stroke-width": "1", "font-family": "inherit"}
_LONG_NUMBER: Final = re.compile(r"-?\d+\.\d{2,}")


def as_part_of_a_page(drawn: str, *, title: str) -> Markup:
    """The drawing as one image with a name; what Vega says of a mark becomes its tooltip.

    :raises xml.etree.ElementTree.ParseError: it is no XML.
    """
    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    root = ElementTree.fromstring(drawn)
    _simplify(root)
    root.attrib.pop("version", None)
    root.attrib.pop("class", None)
    # Anything may be in the name; ElementTree escapes it.
    root.set("role", "img")
    root.set("aria-label", title)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _simplify(element: ElementTree.Element, *, is_symbol: bool = False) -> None:
    for name, value in list(element.attrib.items()):
        if name in _NEEDLESS or _DEFAULTS.get(name) == value:
            del element.attrib[name]
        elif name in ("transform", "d", "x", "y", "x2", "y2", "width", "height"):
            element.set(name, _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.1f}", value))
        elif name == "class":
            _only_symbols(element, value)
    label = element.attrib.pop("aria-label", None)
    if label and is_symbol:
        # A tooltip without a script.
        ElementTree.SubElement(element, f"{_SVG}title").text = label
    for child in list(element):
        if _shows_nothing(child):
            element.remove(child)
        else:
            _simplify(child, is_symbol=element.get("class") == "marks")


def _shows_nothing(element: ElementTree.Element) -> bool:
    return (
        element.get("d") == ""
        or element.get("display") == "none"
        or element.get("opacity") == "0"
        or element.get("fill") == "transparent"
        or element.get("class") == "background"
    )


def _only_symbols(element: ElementTree.Element, classes: str) -> None:
    """Of Vega's classes the page, and who counts marks, need only that of the data's symbols."""
    if "mark-symbol" in classes and "role-mark" in classes:
        element.set("class", "marks")
    else:
        del element.attrib["class"]
