"""XML checked against a schema from a folder; nothing is ever fetched."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

from lxml import etree

MOST_PROBLEMS = 200
_LONGEST_MESSAGE = 300
# Their messages name elements and attributes; those of other kinds repeat values of the document.
_TELL = ("SCHEMAV_ELEMENT_CONTENT", "SCHEMAV_CVC_COMPLEX_TYPE")


class SchemaUnusable(Exception):
    """The schema cannot be read or is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaProblem:
    """One place where a document is not as the schema wants it.

    Attributes:
        message: one sentence without any value of the document.
        path: `/root/child[2]/…`, by local names.
    """

    message: str
    path: str


class XmlSchema:
    """A schema with everything it includes."""

    def __init__(self, file: Path) -> None:
        """Reads the schema.

        Raises:
            SchemaUnusable: the file, or one it includes, is missing or no schema.
        """
        try:
            self._schema = etree.XMLSchema(etree.parse(str(file), _parser()))
        except (OSError, etree.XMLSchemaParseError, etree.XMLSyntaxError):
            raise SchemaUnusable(f"No usable XML schema: {file.name}") from None

    def problems(self, document: bytes) -> list[SchemaProblem]:
        """At most 200 places that are not as the schema wants them.

        Args:
            document: well-formed XML without a document type; the caller has refused any other.
        """
        try:
            tree = etree.fromstring(document, _parser()).getroottree()
        except etree.XMLSyntaxError:
            return [SchemaProblem(message="The schema check cannot read the document.", path="/")]
        if self._schema.validate(tree):
            return []
        log: Iterable[Any] = cast("Any", self._schema.error_log)
        return [_problem(tree, entry) for entry in islice(log, MOST_PROBLEMS)]


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


def _problem(tree: etree._ElementTree, entry: Any) -> SchemaProblem:
    found = tree.xpath(entry.path) if entry.path else []
    node = found[0] if isinstance(found, list) and found else None
    said = "Not as the schema wants it."
    if entry.type_name.startswith(_TELL):
        namespace = f"{{{etree.QName(tree.getroot()).namespace}}}"
        said = " ".join(entry.message.replace(namespace, "").split())[:_LONGEST_MESSAGE]
    path = _path(node) if isinstance(node, etree._Element) else "/"
    return SchemaProblem(message=f"Line {entry.line}: {said}", path=path)


def _path(node: etree._Element) -> str:
    steps: list[str] = []
    while True:
        name, parent = etree.QName(node).localname, node.getparent()
        if parent is None:
            return "/" + "/".join(reversed([*steps, name]))
        alike = list(parent.iterchildren(node.tag))
        steps.append(name if len(alike) == 1 else f"{name}[{alike.index(node) + 1}]")
        node = parent
