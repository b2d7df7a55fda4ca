"""Data elements and blocks of the standard as data: number, place, type, limits, conformance.

Source of the shipped rows: ICH E2B(R3) core data elements, FDA regional data elements (`services/safety/e2b`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.safety.domain.icsr.xml_path import Place, places


class Kind(StrEnum):
    """How a value is written."""

    TEXT = "text"
    LETTERS = "letters"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CODE = "code"
    COUNTRY = "country"
    TIME = "time"
    MEDDRA_VERSION = "meddra_version"
    MEDDRA_CODE = "meddra_code"
    ANY = "any"


class Conformance(StrEnum):
    MANDATORY = "mandatory"
    REQUIRED = "required"
    CONDITIONAL = "conditional"
    OPTIONAL = "optional"

    @property
    def always(self) -> bool:
        return self in (Conformance.MANDATORY, Conformance.REQUIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementRule:
    """One data element.

    Attributes:
        number: as the standard counts, `E.i.2.1b`.
        block: the block it stands in.
        places: where its value is, from the block.
        length: most characters, None for no limit.
        values: the only ones allowed; empty for any.
        null_flavors: those that may stand instead of a value.
        precision: the coarsest of a date: year, day or second.
    """

    number: str
    name: str
    block: str
    places: tuple[Place, ...]
    kind: Kind
    length: int | None
    values: frozenset[str]
    null_flavors: frozenset[str]
    conformance: Conformance
    precision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRule:
    """A group of elements that stands together, as a rule repeated; `required` ones stand at least once."""

    name: str
    parent: str
    places: tuple[Place, ...]
    required: bool
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementTable:
    """Blocks in the order of the standard, outer ones first, and the elements of each."""

    blocks: tuple[BlockRule, ...]
    elements: Mapping[str, ElementRule]

    def of_block(self, name: str) -> tuple[ElementRule, ...]:
        return tuple(rule for rule in self.elements.values() if rule.block == name)


def build_table(blocks: Iterable[Mapping[str, str]], elements: Iterable[Mapping[str, str]]) -> ElementTable:
    """The table from its rows.

    Raises:
        ValueError: a path cannot be read.
        KeyError: a column is missing.
    """
    rules = [_element(row) for row in elements]
    return ElementTable(
        blocks=tuple(_block(row) for row in blocks), elements={rule.number: rule for rule in rules}
    )


def _block(row: Mapping[str, str]) -> BlockRule:
    return BlockRule(
        name=row["name"],
        parent=row["parent"],
        places=places(row["path"]),
        required=row["minimum"] == "1",
        what=row["what"],
    )


def _element(row: Mapping[str, str]) -> ElementRule:
    return ElementRule(
        number=row["number"],
        name=row["name"],
        block=row["block"],
        places=places(row["path"]),
        kind=Kind(row["type"]),
        length=int(row["length"]) if row["length"] else None,
        values=frozenset(row["values"].split("|")) - {""},
        null_flavors=frozenset(row["null_flavors"].split()),
        conformance=Conformance(row["conformance"]),
        precision=row["precision"],
    )
