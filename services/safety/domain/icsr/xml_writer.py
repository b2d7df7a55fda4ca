"""A tree written as bytes, always the same for the same tree."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.safety.domain.icsr.xml_tree import HL7, XSI

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element to write: attributes in their order, then its text, then its children."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    children: "tuple[Element, ...]" = ()


def element(
    name: str, *children: Element | None, text: str = "", attributes: Mapping[str, str] | None = None
) -> Element:
    """An element with those of `children` that are there."""
    there = tuple(child for child in children if child is not None)
    return Element(name=name, attributes=dict(attributes or {}), text=text, children=there)


def write_document(root: Element) -> bytes:
    """The document in UTF-8, one line per element.

    Characters that no XML document can hold (NUL and other controls) become U+FFFD, so that a report is never lost
    for one of them; the original stays in the record.
    """
    namespaces = {"xmlns": HL7, "xmlns:xsi": XSI}
    outermost = Element(
        name=root.name,
        attributes={**namespaces, **root.attributes},
        text=root.text,
        children=root.children,
    )
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    _write(outermost, lines)
    return ("\n".join(lines) + "\n").encode("utf-8")


def _write(one: Element, lines: list[str]) -> None:
    opening = one.name + "".join(f' {name}="{_quoted(value)}"' for name, value in one.attributes.items())
    if not one.children:
        lines.append(f"<{opening}>{_escaped(one.text)}</{one.name}>" if one.text else f"<{opening}/>")
        return
    lines.append(f"<{opening}>{_escaped(one.text)}")
    for child in one.children:
        _write(child, lines)
    lines.append(f"</{one.name}>")


def _escaped(text: str) -> str:
    kept = _NOT_XML.sub(_REPLACEMENT, text)
    kept = kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return kept.replace("\r", "&#13;")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
