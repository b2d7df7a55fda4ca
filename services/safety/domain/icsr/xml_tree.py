"""A document as a tree of elements, and the place of each as a path."""

from collections.abc import Iterator
from dataclasses import dataclass, field

HL7 = "urn:hl7-org:v3"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(slots=True, eq=False, kw_only=True)
class Node:
    """One element.

    Attributes:
        name: local name within HL7's namespace; any other has its namespace, which may be empty, and a space before it.
        attributes: by name; those of XML Schema as `xsi:type`.
        text: the characters directly within it, not those of its children.
        place: which of its parent's children of this name it is, from 1.
        alike: how many children it has of each name.
    """

    name: str
    attributes: dict[str, str]
    parent: "Node | None" = None
    text: str = ""
    children: "list[Node]" = field(default_factory=list)
    place: int = 1
    alike: dict[str, int] = field(default_factory=dict)

    def append(self, child: "Node") -> None:
        """Put a child after those that are there."""
        child.place = self.alike[child.name] = self.alike.get(child.name, 0) + 1
        self.children.append(child)

    def named(self, name: str) -> "Iterator[Node]":
        return (child for child in self.children if child.name == name)

    def path(self) -> str:
        """`/root/child[2]/…`, numbered where several siblings have the name."""
        steps: list[str] = []
        node: Node | None = self
        while node is not None:
            steps.append(node._step())
            node = node.parent
        return "/" + "/".join(reversed(steps))

    def _step(self) -> str:
        alone = self.parent is None or self.parent.alike[self.name] == 1
        return self.name if alone else f"{self.name}[{self.place}]"
