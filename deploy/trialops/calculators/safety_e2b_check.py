"""`e2b-check`: whether a case report file (ICH E2B(R3)) is valid, by the service's own layers of rules."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from deploy.trialops.calculators.calculator import Calculator, Result, show_lines
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from services.safety.domain.icsr.check import Profile, check_document
from services.safety.domain.icsr.finding import Finding, Severity, Verdict, verdict
from services.safety.domain.icsr.schema_check import SCHEMA_FILE, schema_findings
from services.safety.domain.icsr.xml_reader import MOST_BYTES
from services.safety.store.e2b_tables import shipped_standard
from shared.clock import server_now
from shared.xml_schema import SchemaUnusable, XmlSchema


def _checked(arguments: Fields) -> Result:
    profile = Profile(arguments.choice("profile", tuple(Profile)))
    schema = _schema(arguments.text("schemas")) if arguments.has("schemas") else None
    raw = _file(arguments.text("file"))
    findings = check_document(
        raw,
        profile,
        shipped_standard(),
        now=server_now(),
        schema=None if schema is None else lambda document: schema_findings(schema.problems(document)),
    )
    found = verdict(findings)
    return {
        "profile": profile.value,
        "verdict": found.value,
        "schema_checked": schema is not None and found is not Verdict.REFUSED,
        "findings": [_shown(one) for one in findings],
    }


def _shown(finding: Finding) -> dict[str, str]:
    return {
        "element": finding.element,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "path": finding.path,
    }


def _file(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        message = f"The file cannot be read: {why or 'no usable path'}."
        raise InputInvalid("file", "file_unreadable", message) from None


@lru_cache(maxsize=4)
def _schema(folder: str) -> XmlSchema:
    try:
        return XmlSchema(Path(folder) / SCHEMA_FILE)
    except (SchemaUnusable, ValueError):
        message = f"The folder holds no usable {SCHEMA_FILE}."
        raise InputInvalid("schemas", "schemas_unusable", message) from None


def asks_for_action(result: Mapping[str, Any]) -> bool:
    """Whether there is an error, or a warning that needs a reason."""
    return any(one["severity"] != Severity.NOTE for one in result["findings"])


def show_checked(result: Mapping[str, Any]) -> None:
    """A line per finding, for people."""
    show_lines({name: value for name, value in result.items() if name != "findings"})
    for one in result["findings"]:
        show_lines({f"{one['severity']} {one['rule']}": f"{one['message']} {one['path']}"})


E2B_CHECK = Calculator(
    name="e2b-check",
    arguments=frozenset({"file", "profile", "schemas"}),
    answer=_checked,
    show=show_checked,
)
