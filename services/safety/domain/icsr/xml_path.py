"""Where a data element stands in a message: a small path language, read from the tables of elements.

A path is steps by `/`, each a name with conditions in brackets, then what is read: `@attribute` or `#` for its
text. ` | ` separates places where the same element may stand. Conditions:

    [code=19:29]            its `code` has this code of ICH code list 19
    [a/code=22:2]           the `code` below has
    [@typeCode=COMP]        its own attribute
    [@value^=tel:]          its own attribute begins so
    [id@root=3.6]           a child's attribute
    [2]                     the second of those that remain

Object identifiers of ICH are shortened: `3.6` is …3.989.2.1.3.6, list `19` is …3.989.2.1.1.19.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from services.safety.domain.icsr.xml_tree import Node

ICH = "2.16.840.1.113883.3.989.2.1"

_STEP = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<conditions>(?:\[[^\]]+\])*)")
_CONDITION = re.compile(r"\[([^\]]+)\]")
_SHORT = re.compile(r"[0-9]+\.[0-9]+")

Test = Callable[[Node], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    name: str
    tests: tuple[Test, ...] = ()
    number: int | None = None

    def of(self, nodes: Iterable[Node]) -> Iterator[Node]:
        for node in nodes:
            found = (child for child in node.named(self.name) if all(test(child) for test in self.tests))
            yield from found if self.number is None else islice(found, self.number - 1, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Steps from a context; `attribute` is what is read there, None for the text."""

    steps: tuple[Step, ...]
    attribute: str | None = None

    def nodes(self, context: Node) -> Iterator[Node]:
        found: Iterable[Node] = (context,)
        for step in self.steps:
            found = step.of(found)
        return iter(found)


def places(path: str) -> tuple[Place, ...]:
    """The places that a path of the tables names, in their order.

    Raises:
        ValueError: the path is not of this language.
    """
    return tuple(_place(one.strip()) for one in path.split(" | "))


def oid(short: str) -> str:
    """An object identifier in full."""
    return f"{ICH}.{short}" if _SHORT.fullmatch(short) else short


def code_list(short: str) -> str:
    """The object identifier of a code list: of ICH by its number, any other in full."""
    return f"{ICH}.1.{short}" if short.isdigit() else short


def _place(path: str) -> Place:
    steps: list[Step] = []
    at = 0
    while match := _STEP.match(path, at):
        steps.append(_step(match["name"], _CONDITION.findall(match["conditions"])))
        at = match.end()
        if path[at : at + 1] != "/":
            break
        at += 1
    rest = path[at:]
    if rest and rest != "#" and not rest.startswith("@"):
        raise ValueError(f"not a path of the element tables: {path}")
    return Place(steps=tuple(steps), attribute=rest[1:] if rest.startswith("@") else None)


def _step(name: str, conditions: list[str]) -> Step:
    number = next((int(one) for one in conditions if one.isdigit()), None)
    tests = tuple(_test(one) for one in conditions if not one.isdigit())
    return Step(name=name, tests=tests, number=number)


def _test(condition: str) -> Test:
    left, _, right = condition.partition("=")
    if left.endswith("^"):
        name = left[1:-1]
        return lambda node: node.attributes.get(name, "").startswith(right)
    below, _, attribute = left.partition("@")
    if attribute:
        wanted = oid(right)
        return lambda node: any(one.attributes.get(attribute) == wanted for one in _below(node, below))
    where, colon, code = right.rpartition(":")
    if not colon:
        raise ValueError(f"not a condition of the element tables: {condition}")
    system = code_list(where)
    return lambda node: any(
        one.attributes.get("codeSystem") == system and code in ("*", one.attributes.get("code"))
        for one in _below(node, below)
    )


def _below(node: Node, names: str) -> Iterable[Node]:
    found: Iterable[Node] = (node,)
    for name in names.split("/") if names else ():
        found = [child for one in found for child in one.named(name)]
    return found
