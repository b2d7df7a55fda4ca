"""A protocol version has arrived: can its DLT definition be used, and who waited for it?"""

from dataclasses import replace

from services.safety.commands.announce_report import announce_amendment
from services.safety.commands.judge_window import JudgeWindow, judge_participant
from services.safety.commands.open_report import place_of
from services.safety.commands.raise_alert import raise_alerts
from services.safety.commands.watch_rules import watch_rules
from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.domain.dlt_definition import dictionary_problems
from services.safety.domain.ids import PersonId, TrialId
from services.safety.domain.intake import decide_content
from services.safety.domain.place import TrialRef, zone_named
from services.safety.domain.report_record import Kept
from services.safety.store.adverse_events import add_version, load_report, without_trial
from services.safety.store.definitions import (
    ProtocolTerms,
    is_checked,
    parsed,
    participants_on,
    protocol_terms,
    save_check,
    why_unreadable,
)
from services.safety.store.dictionaries import dictionary_for
from services.safety.store.stopping_rules import (
    participants_of,
    rules_in_force,
    rules_text_of,
    why_rules_unreadable,
)
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx


async def check_definition(tx: Tx, act: Act, *, trial_id: str, protocol_version: str) -> None:
    """Check a definition once, judge the participants who are registered under it, and find its reports."""
    terms = await protocol_terms(tx, trial_id, protocol_version)
    if terms is None or await is_checked(tx, terms):
        return
    rules = await rules_text_of(tx, trial_id, protocol_version)
    problems = _problems(terms, rules)
    await save_check(tx, terms, problems, act.now)
    check_id = f"definition:{terms.trial_id}:{terms.protocol_version}"
    await audit(tx, act, check_id, "dlt-definition.checked", {"problems": len(problems)})
    trial = TrialRef(id=TrialId(terms.trial_id), code=terms.trial_code, zone=zone_named(terms.zone))
    if problems:
        cause = f"{terms.trial_id}:{terms.protocol_version}:{terms.protocol_sha256[:12]}"
        await raise_alerts(tx, act, [AlertRequest(kind=AlertKind.DEFINITION_PROBLEM, cause=cause)], trial)
    for participant_id in await participants_on(tx, trial_id, protocol_version):
        await judge_participant(tx, JudgeWindow(participant_id=participant_id, cause="protocol"), act)
    if rules or await rules_in_force(tx, trial_id):
        for participant_id in await participants_of(tx, trial_id):
            await judge_participant(tx, JudgeWindow(participant_id=participant_id, cause="protocol"), act)
        await watch_rules(tx, act, trial, cause="protocol")
    for report_id in await without_trial(tx, terms.trial_code):
        await _give_trial(tx, act, report_id, trial)


def _problems(terms: ProtocolTerms, rules: str) -> list[str]:
    unreadable = why_rules_unreadable(rules)
    return [*_definition_problems(terms), *([f"stopping rules: {unreadable}"] if unreadable else [])]


def _definition_problems(terms: ProtocolTerms) -> list[str]:
    if not terms.definition_text:
        return []
    definition = parsed(terms.definition_text)
    if definition is None:
        return [why_unreadable(terms.definition_text) or "the definition cannot be read"]
    return list(dictionary_problems(definition, dictionary_for(definition.ctcae)))


async def _give_trial(tx: Tx, act: Act, report_id: str, trial: TrialRef) -> None:
    """A report that named the trial before it was known here: from now on the trial holds for it."""
    record = await load_report(tx, report_id, lock=True)
    if record is None or record.trial_id is not None:
        return
    place = await place_of(tx, record)
    event = replace(
        record.event,
        version=record.event.version + 1,
        recorded_by=PersonId(act.actor),
        recorded_at=act.now,
        reason="the trial of this code is known now",
        changed=("trial",),
    )
    decision = decide_content(event.content, place.context(), now=act.now, received_at=record.received_at)
    known = replace(record, event=event, trial_id=trial.id)
    await add_version(tx, known, decision, place.dictionary.pinned)
    kept = Kept(record=known, decision=decision, trial=trial)
    await announce_amendment(tx, act, kept, place.dictionary.pinned, changed=event.changed)
