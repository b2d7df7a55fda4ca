"""What a check of a case report found."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error blocks, a warning needs a signed reason, a note is for the reader."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Verdict(StrEnum):
    VALID = "valid"
    INVALID = "invalid"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding; it repeats no value of the report, which may tell who somebody is.

    Attributes:
        element: number of the data element without its index (`E.i.3.2a`), the stem of a block that is absent
            (`E.i`), `schema` or `document`.
        rule: stable id: `ICH-…`, FDA's own (`R0041`), `CON-…` of our consistency rules, `XSD`, `DOC-…`.
        severity: see there.
        message: one sentence.
        path: where in the document.
    """

    element: str
    rule: str
    severity: Severity
    message: str
    path: str


def verdict(findings: Iterable[Finding]) -> Verdict:
    """`refused` if the document was not read, else `invalid` if there is any error."""
    found = list(findings)
    if any(one.element == "document" for one in found):
        return Verdict.REFUSED
    if any(one.severity is Severity.ERROR for one in found):
        return Verdict.INVALID
    return Verdict.VALID
