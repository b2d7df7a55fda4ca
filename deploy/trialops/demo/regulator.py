"""The regulator of the demonstration, played: the acknowledgement that a gateway sends back, as a file.

Source: ICH E2B(R3) Implementation Guide, acknowledgement message `MCCI_IN200101UV01`, in the form of FDA's sample.
Nobody's answer: number, text and verdict are invented.
"""

from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

OIDS = "2.16.840.1.113883.3.989.2.1"
INTERACTIONS = "2.16.840.1.113883.1.6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What is answered to a file of one case.

    Attributes:
        batch_number: of the file.
        case_number: of its one case.
        sent_at: when the file was made and sent.
        sender: who sent the file, and so receives the answer.
        receiver: whose gateway it reached, and so answers.
        accepted: whether the case was taken; the whole batch is, or is not, with it.
        text: why.
    """

    batch_number: str
    case_number: str
    sent_at: datetime
    sender: str
    receiver: str
    accepted: bool
    text: str


def acknowledgement(answered: Answered, *, number: str, at: datetime) -> bytes:
    """The file, under the number that the answering gateway gives it."""
    made, sent = _time(at), _time(answered.sent_at)
    of_batch, of_case = ("AA", "CA") if answered.accepted else ("AE", "CR")
    document = f"""<?xml version="1.0" encoding="UTF-8"?>
<MCCI_IN200101UV01 xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ITSVersion="XML_1.0">
{_id("3.20", number)}
<creationTime value="{made}"/>
<responseModeCode code="D"/>
{_interaction("MCCI_IN200101UV01")}
<MCCI_IN000002UV01>
{_id("3.19", f"{number}-1")}
<creationTime value="{made}"/>
{_interaction("MCCI_IN000002UV01")}
<processingCode code="P"/>
<processingModeCode code="T"/>
<acceptAckCode code="NE"/>
{_device("receiver", "RCV", "3.16", answered.sender)}
{_device("sender", "SND", "3.15", answered.receiver)}
{_line("1", "dateOfIcsrMessageCreation", f'<value value="{sent}" xsi:type="TS"/>')}
<acknowledgement typeCode="{of_case}">
<targetMessage>{_id("3.1", answered.case_number)}</targetMessage>
{_text(answered.text)}
</acknowledgement>
</MCCI_IN000002UV01>
{_device("receiver", "RCV", "3.18", answered.sender)}
{_device("sender", "SND", "3.17", answered.receiver)}
{_line("2", "acknowledgementLocalMessageNumber", _id("3.21", number, tag="value", more=' xsi:type="II"'))}
{_line("3", "dateOfIcsrBatchTransmission", f'<value value="{sent}" xsi:type="TS"/>')}
<acknowledgement typeCode="{of_batch}">
<targetBatch>{_id("3.22", answered.batch_number)}</targetBatch>
{_text(answered.text)}
</acknowledgement>
</MCCI_IN200101UV01>
"""
    return document.encode()


def _time(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S%z}"


def _id(root: str, extension: str, *, tag: str = "id", more: str = "") -> str:
    return f'<{tag} extension={quoteattr(extension)} root="{OIDS}.{root}"{more}/>'


def _interaction(name: str) -> str:
    return f'<interactionId extension="{name}" root="{INTERACTIONS}"/>'


def _device(tag: str, code: str, root: str, name: str) -> str:
    device = f'<device classCode="DEV" determinerCode="INSTANCE">{_id(root, name)}</device>'
    return f'<{tag} typeCode="{code}">{device}</{tag}>'


def _line(code: str, name: str, value: str) -> str:
    word = (
        f'<keyWordText code="{code}" codeSystem="{OIDS}.1.24" codeSystemVersion="1.0" displayName="{name}"/>'
    )
    return f"<attentionLine>{word}{value}</attentionLine>"


def _text(text: str) -> str:
    return f"<acknowledgementDetail><text>{escape(text)}</text></acknowledgementDetail>"
