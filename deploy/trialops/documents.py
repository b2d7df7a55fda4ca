"""Documents that are generated from the code: the register of refusals and the catalogue of events.

`python -m deploy.trialops.documents` writes them, `--check` fails when one is stale.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from deploy.trialops.installation import PROGRAMS
from services.enrolment.domain.refusals import REFUSALS as ENROLMENT_REFUSALS
from services.safety.domain.refusals import REFUSALS as SAFETY_REFUSALS
from services.sponsor.domain.refusals import REFUSALS as SPONSOR_REFUSALS
from shared.contracts import described, event_classes
from shared.problems import SHARED_PROBLEMS
from shared.service import with_delivery_effects
from shared.topics import blinding_of

DOCS = Path(__file__).parent.parent.parent / "docs"


def refusals_document() -> str:
    """Every code that a request can be refused with, by service, with its status."""
    parts = [
        "# Refusals",
        "",
        "Every refusal is a problem document (RFC 9457) with a stable `code`; the status belongs to the code. "
        "Generated from the code by `make contracts`.",
    ]
    registers: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("Every service", SHARED_PROBLEMS),
        ("Enrolment", ENROLMENT_REFUSALS),
        ("Safety", SAFETY_REFUSALS),
        ("Sponsor", SPONSOR_REFUSALS),
    )
    for title, register in registers:
        rows = [(f"`{code}`", str(kind.status), kind.title) for code, kind in sorted(register.items())]
        parts += ["", f"## {title}", "", *_table(("Code", "Status", "Means"), rows)]
    return "\n".join(parts) + "\n"


def events_document() -> str:
    """Every event of the three topics: what it says, and who does something on it."""
    definitions = {name: described(program.define, name) for name, program in PROGRAMS.items()}
    parts = [
        "# Events",
        "",
        "One topic per service, `<service>.events.v1`, six partitions, keyed by the trial's id. Envelope: CloudEvents "
        "1.0 in Kafka binary mode. Schemas and examples are in `services/<service>/contracts/`. Generated from the "
        "code by `make contracts`. What is marked *unblinded* travels on `<service>.unblinded.v1`, which has access "
        "rights of its own and which no service reads.",
    ]
    for name, definition in definitions.items():
        rows = []
        for event in event_classes(definition):
            unblinded = blinding_of(event) == "unblinded"
            readers = (
                []
                if unblinded
                else [
                    other
                    for other, candidate in definitions.items()
                    for consumer in candidate.consumers
                    if consumer.producer == name
                    and event.event_type in with_delivery_effects(other, consumer).effects
                ]
            )
            heard = "*unblinded*: named readers only" if unblinded else ", ".join(sorted(readers))
            rows.append((f"`{event.event_type}`", _first_sentence(event), heard or "nobody yet"))
        parts += ["", f"## {name}", "", *_table(("Type", "Says", "Takes effect at"), rows)]
    parts += [
        "",
        "Besides these, each relay sends `<service>.watermark.v1` on every partition: everything accepted before its "
        "`closed_at` has been published.",
    ]
    return "\n".join(parts) + "\n"


def _first_sentence(event: type) -> str:
    return " ".join((event.__doc__ or "").split()).split(". ")[0].rstrip(".")


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    heads = list(heads)
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


def main(arguments: list[str]) -> int:
    documents = {"refusals.md": refusals_document(), "events.md": events_document()}
    stale = [name for name, text in documents.items() if _present(name) != text]
    if "--check" in arguments:
        for name in stale:
            print(f"docs/{name} is stale: run make contracts", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(documents[name])
    return 0


def _present(name: str) -> str:
    path = DOCS / name
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
