"""What a check against the XML schema found, as findings; the schema files are the operator's, none ship."""

from collections.abc import Iterable
from typing import Protocol

from services.safety.domain.icsr.finding import Finding, Severity

SCHEMA_FILE = "multicacheschemas/MCCI_IN200100UV01.xsd"


class Problem(Protocol):
    """One place that is not as the schema wants it."""

    @property
    def message(self) -> str: ...

    @property
    def path(self) -> str: ...


def schema_findings(problems: Iterable[Problem]) -> list[Finding]:
    """Findings of the element `schema`."""
    return [
        Finding(element="schema", rule="XSD", severity=Severity.ERROR, message=one.message, path=one.path)
        for one in problems
    ]
