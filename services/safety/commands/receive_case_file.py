"""Taking in a case report file that somebody else made: kept as it came, judged, shown to the desk."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.safety.commands.make_case_file import as_facts
from services.safety.commands.raise_alert import raise_alerts
from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.domain.icsr.check import MOST_FINDINGS, Profile, check_batch, read_batch, refusal
from services.safety.domain.icsr.finding import Finding, verdict
from services.safety.domain.icsr.report_values import Block, read_report
from services.safety.domain.icsr.xml_reader import DocumentRefused
from services.safety.domain.roles import WRITING_CASES
from services.safety.store.case_files import add_received
from services.safety.store.e2b_tables import shipped_standard
from services.safety.store.places import trial_named
from shared.act import Act
from shared.audit import record as audit
from shared.auth import ANY, permit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveCaseFile:
    content: bytes
    judged: "Judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the layers found in a file, and the reports that it names."""

    findings: list[Finding]
    cases: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """`cases` names each report by its numbers; nothing of it becomes a report of ours without a person."""

    id: str
    verdict: str
    findings: list[dict[str, str]]
    cases: list[dict[str, Any]]


async def receive_case_file(tx: Tx, command: ReceiveCaseFile, act: Act) -> Received:
    """Keep the file whatever is found in it, and wake the desk: an unread report is an unmet duty."""
    principal = act.principal
    assert principal is not None
    grant = permit(principal, WRITING_CASES, scope=ANY, unit=ANY)
    found = command.judged.findings
    received = Received(
        id=act.new_id(),
        verdict=verdict(found).value,
        findings=[as_facts(one) for one in found],
        cases=command.judged.cases,
    )
    digest = hashlib.sha256(command.content).hexdigest()
    values = {
        "id": received.id,
        "content": command.content,
        "sha256": digest,
        "verdict": received.verdict,
        "findings": received.findings,
        "cases": received.cases,
        "received_by": act.actor,
        "received_at": act.now,
    }
    await add_received(tx, values)
    trial = await trial_named(tx, None)
    await raise_alerts(tx, act, [AlertRequest(kind=AlertKind.CASE_FILE_RECEIVED, cause=received.id)], trial)
    details = {"sha256": digest, "verdict": received.verdict}
    await audit(tx, act.as_role(grant.role), received.id, "case-file.received", details)
    return received


def judge_file(content: bytes, profile: Profile, now: datetime) -> Judged:
    """Read a file and judge it: pure work that may take seconds, done before and beside any transaction."""
    standard = shipped_standard()
    try:
        root = read_batch(content)
    except DocumentRefused as refused:
        return Judged(findings=[refusal(refused)], cases=[])
    batch = read_report(root, standard.fda)
    found = check_batch(batch, profile, standard, now=now)
    return Judged(findings=found[:MOST_FINDINGS], cases=list(_named(batch)))


def _named(batch: Block) -> Iterator[dict[str, Any]]:
    for message in batch.all("N.2.r"):
        for case in message.all("C.1"):
            yield {
                "number": case.text("C.1.1"),
                "worldwide_number": case.text("C.1.8.1"),
                "nullification": case.text("C.1.11.1"),
                "reactions": [reaction.text("E.i.2.1b") for reaction in case.all("E.i")],
                "products": [drug.text("G.k.2.2") for drug in case.all("G.k")],
            }
