"""Making the file of one or more cases: written, judged by every layer, kept with its findings."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from services.safety.commands.load_for_case import open_stored_case, permitted_route
from services.safety.domain.case import SendingState, decide_sending, kind_of_sending
from services.safety.domain.case_content import require_coded
from services.safety.domain.case_export import ReportedEvent, snapshot_of
from services.safety.domain.case_route import CaseRoute
from services.safety.domain.icsr.case_snapshot import Transmission
from services.safety.domain.icsr.check import check_document
from services.safety.domain.icsr.finding import Finding, Severity
from services.safety.domain.icsr.message_writer import write_batch
from services.safety.domain.refusals import Refused
from services.safety.store.case_files import SentCase, StoredBatch, add_batch
from services.safety.store.cases import StoredCase
from services.safety.store.e2b_tables import shipped_standard
from services.safety.store.places import trial_named
from services.safety.store.reported_events import reported_event
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeCaseFile:
    """`reason` is signed for what the rules warn of; without one a file with warnings stays a draft."""

    route_id: str
    case_ids: tuple[str, ...]
    reason: str = ""


async def make_case_file(tx: Tx, command: MakeCaseFile, act: Act) -> StoredBatch:
    """Write the file and keep it.

    Raises:
        Refused: `nothing_to_send`, `meddra_not_loaded`, `meddra_code_missing`, `export_rules_failed`.
    """
    cases = []
    for case_id in sorted(set(command.case_ids)):
        stored, act = await open_stored_case(tx, act, case_id)
        decide_sending(stored.case)
        require_coded(stored.content)
        cases.append(stored)
    for stored in cases:
        route = (await permitted_route(tx, act, command.route_id, stored.trial_key)).route
    events = {
        stored.case.id: [await reported_event(tx, one) for one in stored.report_ids] for stored in cases
    }
    snapshots = [
        snapshot_of(
            stored.case,
            stored.content,
            events[stored.case.id],
            route,
            participant_number=stored.participant_number,
        )
        for stored in cases
    ]
    batch_id = act.new_id()
    wrapper = await _wrapper(tx, act, route, cases[0], batch_id)
    content = write_batch(snapshots, wrapper)
    initial = {stored.case.number: not stored.case.was_sent for stored in cases}
    findings = check_document(content, route.profile, shipped_standard(), now=act.now, initial=initial)
    refuse_errors(findings)
    state = _state(findings, command.reason)
    batch = StoredBatch(
        id=batch_id,
        number=wrapper.batch_number,
        trial_key=cases[0].trial_key,
        route_id=command.route_id,
        profile=route.profile.value,
        state=state.value,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        findings=[as_facts(one) for one in findings],
        reason=command.reason.strip(),
        created_by=act.actor,
        created_at=act.now,
        sent_by=None,
        sent_at=None,
        reference="",
        cases=tuple(_sent(stored, events[stored.case.id], state) for stored in cases),
    )
    await add_batch(tx, batch)
    details = {"batch": batch.number, "sha256": batch.sha256, "state": batch.state}
    for stored in cases:
        await audit(tx, act, stored.case.id, "case-file.made", details, reason=batch.reason or None)
    return batch


async def _wrapper(tx: Tx, act: Act, route: CaseRoute, stored: StoredCase, batch_id: str) -> Transmission:
    trial = await trial_named(tx, stored.trial_id, stored.trial_key)
    return Transmission(
        batch_number=batch_id,
        sender=route.sender,
        batch_receiver=route.batch_receiver,
        message_receiver=route.message_receiver,
        created_at=act.now.astimezone(trial.zone).replace(microsecond=0),
    )


def refuse_errors(findings: Sequence[Finding]) -> None:
    """Refuse a file that a rule blocks.

    Raises:
        Refused: `export_rules_failed`, with every finding.
    """
    if any(one.severity is Severity.ERROR for one in findings):
        facts = {"findings": [as_facts(one) for one in findings]}
        raise Refused("export_rules_failed", "Rules block this file.", facts)


def as_facts(finding: Finding) -> dict[str, str]:
    return {
        "element": finding.element,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "path": finding.path,
    }


def _state(findings: Sequence[Finding], reason: str) -> SendingState:
    warned = any(one.severity is Severity.WARNING for one in findings)
    return SendingState.DRAFT if warned and not reason.strip() else SendingState.VALIDATED


def _sent(stored: StoredCase, events: Sequence[ReportedEvent], state: SendingState) -> SentCase:
    return SentCase(
        case_id=stored.case.id,
        case_version=stored.case.newest.number,
        kind=kind_of_sending(stored.case).value,
        state=state.value,
        expedited=stored.content.expedited,
        events={event.id: event.version for event in events},
        details=[],
    )
