"""Recurring parts of an HL7 message: codes of ICH's lists, values of a type, ids.

Source: ICH E2B(R3) Implementation Guide, code lists 1 to 27; object identifiers of its appendix.
"""

from services.safety.domain.icsr.xml_path import ICH
from services.safety.domain.icsr.xml_writer import Element, element

MEDDRA = "2.16.840.1.113883.6.163"
COUNTRIES = "1.0.3166.1.2.2"
SEXES = "1.0.5218"
NCI = "2.16.840.1.113883.3.26.1.1"
FDA = "2.16.840.1.113883.3.989.5.1.2.2.1"
INTERACTIONS = "2.16.840.1.113883.1.6"


def listed(number: int) -> str:
    """The object identifier of an ICH code list."""
    return f"{ICH}.1.{number}"


def identifier(number: int) -> str:
    """The object identifier of an ICH id namespace."""
    return f"{ICH}.3.{number}"


def code(value: str, system: str, name: str = "code", *, shown: str = "", text: str = "") -> Element:
    """A code; `shown` is its display name, `text` the original words."""
    attributes = {"code": value, "codeSystem": system} | ({"displayName": shown} if shown else {})
    original = element("originalText", text=text) if text else None
    return element(name, original, attributes=attributes)


def value(kind: str, text: str = "", **attributes: str) -> Element:
    """A `value` of an XML Schema type."""
    return element("value", text=text, attributes={"xsi:type": kind, **attributes})


def boolean(answer: bool | None) -> Element:
    """True or false; None is NI, which stands where "false" must not."""
    return value("BL", nullFlavor="NI") if answer is None else value("BL", value=str(answer).lower())


def coded_value(one: str, system: str, **attributes: str) -> Element:
    return value("CE", code=one, codeSystem=system, **attributes)


def own_id(root: str, extension: str = "") -> Element:
    attributes = {"extension": extension, "root": root} if extension else {"root": root}
    return element("id", attributes=attributes)


def act(name: str, kind: str, *children: Element | None, mood: str = "EVN") -> Element:
    """An act of a class, in a mood."""
    return element(name, *children, attributes={"classCode": kind, "moodCode": mood})


def related(name: str, kind: str, *children: Element | None) -> Element:
    """A relationship of a type."""
    return element(name, *children, attributes={"typeCode": kind})


def entity(name: str, kind: str, *children: Element | None, instance: bool = True) -> Element:
    """An entity of a class, as an instance or a kind of thing."""
    determiner = "INSTANCE" if instance else "KIND"
    return element(name, *children, attributes={"classCode": kind, "determinerCode": determiner})


def role(name: str, kind: str, *children: Element | None) -> Element:
    return element(name, *children, attributes={"classCode": kind})


def observation(
    number: str, *parts: Element | None, system: str | None = None, name: str = "observation"
) -> Element:
    """An observation of code list 19, or of another list."""
    return act(name, "OBS", code(number, system or listed(19)), *parts)


def text_or_none(name: str, text: str) -> Element | None:
    return element(name, text=text) if text else None


def time(name: str, text: str) -> Element:
    return element(name, attributes={"value": text})


def null(name: str, flavor: str) -> Element:
    return element(name, attributes={"nullFlavor": flavor})


def device(name: str, kind: str, root: str, extension: str) -> Element:
    """A sender or receiver in a wrapper."""
    return related(name, kind, entity("device", "DEV", own_id(root, extension)))


def period(first: str, last: str) -> Element | None:
    """From and to as HL7 writes times; None when neither is known."""
    if not first and not last:
        return None
    low, high = (time("low", first) if first else None), (time("high", last) if last else None)
    return element("effectiveTime", low, high, attributes={"xsi:type": "IVL_TS"})
