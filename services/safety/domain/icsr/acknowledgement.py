"""Acknowledgements of what was sent (`MCCI_IN200101UV01`), read as their senders really write them.

Source: ICH E2B(R3) Implementation Guide, acknowledgement message; traps seen in FDA's sample: the target id may be
N.2.r.1 and C.1.1 joined by a space, a time may lack its offset, texts are lists by semicolons.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.safety.domain.icsr.xml_path import places
from services.safety.domain.icsr.xml_reader import read_document
from services.safety.domain.icsr.xml_tree import Node

ACKNOWLEDGEMENT = "MCCI_IN200101UV01"
BATCH_CODES = frozenset({"AA", "AE", "AR"})
MESSAGE_CODES = frozenset({"CA", "CR", "CE"})

_OWN_NUMBER = "id[@root=3.20]@extension"
_BATCH_NUMBER = "acknowledgement/targetBatch/id[@root=3.22]@extension"
_CODE = "acknowledgement@typeCode"
_TEXT = "acknowledgement/acknowledgementDetail/text#"
_MESSAGE = "MCCI_IN000002UV01"
_TARGET = "acknowledgement/targetMessage/id[@root=3.1]@extension"
_LOCAL_NUMBER = "id[@root=3.19]@extension"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAcknowledgement:
    """ACK.B.r: what became of one message.

    Attributes:
        target: ACK.B.r.1 as written.
        code: CA accepted, CR rejected; anything else decides nothing.
        details: the parts of the text.
    """

    target: str
    code: str
    details: tuple[str, ...]
    local_number: str

    def names(self, case_number: str) -> bool:
        """Whether its target is the message of this case, alone or joined with another id."""
        return case_number == self.target or case_number in self.target.split()

    @property
    def accepted(self) -> bool | None:
        """True or False; None where the code decides nothing."""
        return {"CA": True, "CR": False}.get(self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """ACK.M and ACK.A: AA processed, AE some messages need action, AR the whole batch rejected."""

    number: str
    batch_number: str
    code: str
    details: tuple[str, ...]
    messages: tuple[MessageAcknowledgement, ...]

    def decides(self, case_number: str) -> "Decided | None":
        """What it says of the message of a case; None if nothing.

        A batch rejected whole takes every message with it; one that was processed takes none without its own word.
        """
        for message in self.messages:
            if message.names(case_number) and message.accepted is not None:
                accepted = message.accepted and self.code != "AR"
                return Decided(accepted=accepted, details=message.details or self.details)
        return Decided(accepted=False, details=self.details) if self.code == "AR" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    accepted: bool
    details: tuple[str, ...]


def read_acknowledgement(raw: bytes) -> Acknowledgement:
    """The acknowledgement in a file.

    Raises:
        DocumentRefused: it is none, or hostile.
    """
    root = read_document(raw, roots=(ACKNOWLEDGEMENT,))
    return Acknowledgement(
        number=_first(root, _OWN_NUMBER),
        batch_number=_first(root, _BATCH_NUMBER),
        code=_first(root, _CODE),
        details=_details(root),
        messages=tuple(
            MessageAcknowledgement(
                target=_first(message, _TARGET),
                code=_first(message, _CODE),
                details=_details(message),
                local_number=_first(message, _LOCAL_NUMBER),
            )
            for message in root.named(_MESSAGE)
        ),
    )


def _details(node: Node) -> tuple[str, ...]:
    parts = (part.strip() for text in _all(node, _TEXT) for part in text.split(";"))
    return tuple(part for part in parts if part)


def _first(node: Node, path: str) -> str:
    return next((text for text in _all(node, path) if text), "")


def _all(node: Node, path: str) -> Iterator[str]:
    for place in places(path):
        for found in place.nodes(node):
            raw = found.text if place.attribute is None else found.attributes.get(place.attribute, "")
            yield raw.strip()
