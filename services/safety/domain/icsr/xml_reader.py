"""Bytes from outside read as a tree: document types, entities and oversize are refused before anything else."""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

from services.safety.domain.icsr.xml_tree import HL7, XSI, Node

MOST_BYTES = 20 * 1024 * 1024
MOST_ELEMENTS = 200_000
DEEPEST = 100

_SEPARATOR = " "


class DocumentRefused(Exception):
    """The bytes are not a document that is read here.

    Attributes:
        rule: `DOC-SIZE`, `DOC-DOCTYPE`, `DOC-ENTITY`, `DOC-DEPTH`, `DOC-ELEMENTS`, `DOC-MESSAGES`, `DOC-XML`
            or `DOC-ROOT`.
        message: one sentence; repeats nothing of the document.
    """

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


def read_document(raw: bytes, *, roots: tuple[str, ...]) -> Node:
    """The tree of a document.

    The parser stops at the first sign of a document type declaration, so no entity is ever expanded and nothing
    outside the bytes is ever read.

    Args:
        raw: the file, in UTF-8, UTF-16 or a one-byte encoding that it declares.
        roots: local names that its outermost element may have.

    Raises:
        DocumentRefused.
    """
    if len(raw) > MOST_BYTES:
        raise DocumentRefused("DOC-SIZE", f"The file has more than {MOST_BYTES} bytes.")
    building = _Building()
    try:
        building.parser.Parse(raw, True)
    except expat.ExpatError as error:
        message = f"Not well-formed XML (line {error.lineno}, column {error.offset + 1})."
        raise DocumentRefused("DOC-XML", message) from None
    except (ValueError, LookupError):
        raise DocumentRefused("DOC-XML", "The declared encoding cannot be read.") from None
    root = building.root
    if root is None or root.name not in roots:
        raise DocumentRefused("DOC-ROOT", f"The outermost element is not {' or '.join(roots)} of {HL7}.")
    return root


@dataclass(slots=True, kw_only=True)
class _Open:
    node: Node
    text: list[str]


class _Building:
    """A tree under construction, fed by the parser."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[_Open] = []
        self._elements = 0
        self.parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = _refuse_doctype
        self.parser.EntityDeclHandler = _refuse_entity
        self.parser.ExternalEntityRefHandler = _refuse_external
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise DocumentRefused("DOC-ELEMENTS", f"The file has more than {MOST_ELEMENTS} elements.")
        if len(self._open) >= DEEPEST:
            raise DocumentRefused("DOC-DEPTH", f"The file is nested deeper than {DEEPEST} elements.")
        parent = self._open[-1].node if self._open else None
        own = {_attribute_name(key): value for key, value in attributes.items()}
        node = Node(name=_local(name), attributes=own, parent=parent)
        if parent is None:
            self.root = node
        else:
            parent.append(node)
        self._open.append(_Open(node=node, text=[]))

    def _end(self, _: str) -> None:
        closed = self._open.pop()
        closed.node.text = "".join(closed.text)

    def _characters(self, text: str) -> None:
        self._open[-1].text.append(text)


def _local(name: str) -> str:
    namespace, _, local = name.rpartition(_SEPARATOR)
    return local if namespace == HL7 else f"{namespace}{_SEPARATOR}{local}"


def _attribute_name(name: str) -> str:
    namespace, _, local = name.rpartition(_SEPARATOR)
    return f"xsi:{local}" if namespace == XSI else name


def _refuse_doctype(*_: object) -> None:
    raise DocumentRefused("DOC-DOCTYPE", "The file declares a document type.")


def _refuse_entity(*_: object) -> None:
    raise DocumentRefused("DOC-ENTITY", "The file declares an entity.")


def _refuse_external(*_: object) -> int:
    raise DocumentRefused("DOC-ENTITY", "The file refers to something outside itself.")
