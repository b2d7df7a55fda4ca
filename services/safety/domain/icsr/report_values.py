"""A message read by the table of elements: blocks within blocks, each with the values that stand in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from services.safety.domain.icsr.element_table import BlockRule, ElementRule, ElementTable
from services.safety.domain.icsr.xml_tree import Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Value:
    """What stands in the place of an element: a text or a nullFlavor, never both."""

    text: str = ""
    null_flavor: str = ""
    node: Node

    @property
    def path(self) -> str:
        return self.node.path()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """One occurrence of a block; `stands` is False for a required one that is absent, so that what it lacks is named.

    Attributes:
        values: by number of the element; absent ones are not in it.
        inner: the blocks within, by name, in the document's order.
    """

    name: str
    node: Node
    stands: bool
    values: Mapping[str, Value]
    inner: Mapping[str, tuple["Block", ...]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self.node.path()

    def text(self, number: str) -> str:
        """The element's value, empty when it is absent or a nullFlavor stands there."""
        value = self.values.get(number)
        return "" if value is None else value.text

    def has(self, number: str) -> bool:
        """Whether a value or a nullFlavor stands there."""
        return number in self.values

    def all(self, name: str) -> "Iterator[Block]":
        """Every block of this name, at any depth."""
        for blocks in self.inner.values():
            for block in blocks:
                if block.name == name:
                    yield block
                yield from block.all(name)

    def every(self) -> "Iterator[Block]":
        """This block and all within."""
        yield self
        for blocks in self.inner.values():
            for block in blocks:
                yield from block.every()


def read_report(root: Node, table: ElementTable) -> Block:
    """The batch with its messages.

    Args:
        root: a document whose outermost element is the batch wrapper.
        table: the elements of the standard, and of the region where there are any.
    """
    outermost = next(rule for rule in table.blocks if not rule.parent)
    shape = _Shape(
        elements={rule.name: table.of_block(rule.name) for rule in table.blocks},
        inner={
            rule.name: tuple(one for one in table.blocks if one.parent == rule.name) for rule in table.blocks
        },
    )
    return _block(outermost, root, shape, stands=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """The table by block: looked up once per block of a document."""

    elements: Mapping[str, tuple[ElementRule, ...]]
    inner: Mapping[str, tuple[BlockRule, ...]]


def _block(rule: BlockRule, node: Node, shape: _Shape, *, stands: bool) -> Block:
    values = {}
    if stands:
        found = ((one.number, _value(one, node)) for one in shape.elements[rule.name])
        values = {number: value for number, value in found if value is not None}
    inner = {one.name: _inner(one, node, shape, stands) for one in shape.inner[rule.name]}
    return Block(name=rule.name, node=node, stands=stands, values=values, inner=inner)


def _inner(rule: BlockRule, outer: Node, shape: _Shape, outer_stands: bool) -> tuple[Block, ...]:
    nodes = [node for place in rule.places for node in place.nodes(outer)] if outer_stands else []
    if not nodes and rule.required:
        return (_block(rule, outer, shape, stands=False),)
    return tuple(_block(rule, node, shape, stands=True) for node in nodes)


def _value(rule: ElementRule, context: Node) -> Value | None:
    null: Value | None = None
    for place in rule.places:
        for node in place.nodes(context):
            raw = node.text if place.attribute is None else node.attributes.get(place.attribute, "")
            if text := raw.strip():
                return Value(text=text, node=node)
            if null is None and (flavor := node.attributes.get("nullFlavor", "")):
                null = Value(null_flavor=flavor, node=node)
    return null
