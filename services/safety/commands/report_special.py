"""Taking in a pregnancy, a medication error, a graded syndrome or a late effect, and its later versions."""

from dataclasses import dataclass, replace

from services.safety.commands.raise_alert import RaisedAlert
from services.safety.commands.raise_for_report import raise_for_report
from services.safety.domain.matching import reported_key
from services.safety.domain.place import TrialRef
from services.safety.domain.refusals import Refused
from services.safety.domain.roles import AMENDING
from services.safety.domain.special_report import (
    Facts,
    SpecialDecision,
    SpecialKind,
    changed_facts,
    decide_special,
)
from services.safety.store.places import locate, trial_named
from services.safety.store.report_links import links_of
from services.safety.store.special_reports import (
    SpecialVersion,
    StoredSpecial,
    load_special,
    save_special,
    special_versions,
)
from services.safety.store.syndrome_rules import shipped_tables
from shared.act import Act
from shared.audit import record as audit
from shared.auth import ANY, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSpecial:
    """`trial`, `participant_number` and `site_number` as reported."""

    kind: SpecialKind
    trial: str
    participant_number: str
    site_number: str
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialReceipt:
    report: StoredSpecial
    decision: SpecialDecision
    alerts: list[RaisedAlert]
    changed: tuple[str, ...] = ()


async def report_special(tx: Tx, command: ReportSpecial, act: Act) -> SpecialReceipt:
    """Take in a report from anybody who is authenticated; there is no refusal."""
    place = await locate(
        tx,
        trial_key=reported_key(command.trial),
        participant_key=reported_key(command.participant_number),
        site_key=reported_key(command.site_number),
        person=act.actor,
    )
    decision = decide_special(
        command.kind, command.facts, shipped_tables(), linked=False, matched=place.participant is not None
    )
    report = StoredSpecial(
        id=act.new_id(),
        kind=command.kind,
        scope=place.trial.scope,
        trial_id=place.trial.id,
        trial_key=place.trial_key,
        participant_key=place.participant_key,
        participant_id=place.participant.id if place.participant else None,
        site_number=place.site_number,
        version=1,
        is_open=decision.open,
        received_at=act.now,
        reported_by=act.actor,
    )
    await save_special(tx, report, _version(report, command.facts, decision, act))
    await audit(tx, act, report.id, "special-report.received", {"kind": report.kind.value})
    return SpecialReceipt(
        report=report, decision=decision, alerts=await _alert(tx, act, report, decision, place.trial)
    )


async def amend_special(tx: Tx, report_id: str, facts: Facts, reason: str, act: Act) -> SpecialReceipt:
    """The whole report as its author now states it, such as the outcome of a pregnancy.

    Raises:
        Refused: `reason_required`, `nothing_changed`.
        Problem: 404 or 403 for somebody who may not.
    """
    report, act = await open_special(tx, act, report_id)
    before = (await special_versions(tx, report_id))[-1]
    changed = changed_facts(before.facts, facts)
    if not reason.strip():
        raise Refused("reason_required", "A change to a report needs a reason.")
    if not changed:
        raise Refused("nothing_changed", "The new statement equals the version in force.")
    linked = bool(await links_of(tx, report_id))
    decision = decide_special(
        report.kind, facts, shipped_tables(), linked=linked, matched=report.participant_id is not None
    )
    after = replace(report, version=report.version + 1, is_open=decision.open)
    version = _version(after, facts, decision, act)
    await save_special(tx, after, replace(version, reason=reason.strip(), changed=changed))
    await audit(tx, act, report_id, "special-report.amended", {"changed": list(changed)})
    trial = await trial_named(tx, report.trial_id, report.trial_key)
    alerts = await _alert(tx, act, after, decision, trial)
    return SpecialReceipt(report=after, decision=decision, alerts=alerts, changed=changed)


async def open_special(tx: Tx, act: Act, report_id: str) -> tuple[StoredSpecial, Act]:
    """The report for somebody who may change it, locked.

    Raises:
        Problem: 403 without the role, 404 when there is none that this person may see.
    """
    principal = act.principal
    assert principal is not None
    if not principal.has_role(*AMENDING):
        permit(principal, AMENDING, scope=ANY, unit=ANY)
    report = await load_special(tx, report_id, lock=True)
    if report is None:
        raise Problem("not_found")
    unit = report.site_number if report.participant_id else ANY
    grant = permit(principal, AMENDING, scope=report.trial_key, unit=unit)
    return report, act.as_role(grant.role)


def _version(report: StoredSpecial, facts: Facts, decision: SpecialDecision, act: Act) -> SpecialVersion:
    grade = decision.grade
    derived = grade and {
        "grade": grade.grade,
        "reason": grade.reason,
        "table": grade.table,
        "worst": list(grade.worst),
    }
    return SpecialVersion(
        version=report.version,
        facts=facts,
        conclusion={
            "queries": list(decision.queries),
            "needs_adverse_event": decision.needs_adverse_event,
            "grade": derived,
        },
        recorded_by=act.actor,
        recorded_at=act.now,
        reason="",
        changed=(),
    )


async def _alert(
    tx: Tx, act: Act, report: StoredSpecial, decision: SpecialDecision, trial: TrialRef
) -> list[RaisedAlert]:
    kinds = () if decision.alert is None else (decision.alert,)
    return await raise_for_report(tx, act, report.id, kinds, trial, first=report.version == 1)
