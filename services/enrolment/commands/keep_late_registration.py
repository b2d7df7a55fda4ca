"""Keep a registration that was entered late: the participant, the place if one is left, counts, flags, events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.enrolment.commands.announce import keep
from services.enrolment.commands.confirm_dose import confirm_registration
from services.enrolment.commands.keep_registration import (
    NO_LEVEL,
    Attempted,
    attempt_of,
    member_of,
    registration_events,
)
from services.enrolment.domain.board import ScreeningState, SlotRecord
from services.enrolment.domain.cohort_rule import evaluate_cohort_rule
from services.enrolment.domain.downtime import LATE_ENTRY, ByTelephone, Difference, codes_of, take_place
from services.enrolment.domain.draft import Draft
from services.enrolment.domain.guards import GuardResult
from services.enrolment.domain.halt import registered_before_halt_seen
from services.enrolment.domain.protocol_terms import VersionRules
from services.enrolment.domain.registering import Registering
from services.enrolment.domain.settle_levels import cell_text
from services.enrolment.domain.settlement import settle
from services.enrolment.events.consent_events import RegistrationFlaggedV1
from services.enrolment.store.consent_records import new_flag
from services.enrolment.store.downtime import insert_late_registration, use_number
from services.enrolment.store.participants import Participant, insert_attempt, insert_participant
from services.enrolment.store.people import save_state
from shared.act import Act
from shared.audit import record as record_audit
from shared.clock import format_instant
from shared.database import Tx
from shared.outbox import NewEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class LateEntry:
    """What was decided: `slot` as it stands on the board (None: none is left), `rules` of the version with the level.

    `results` are all guards' as of now, `found` what failed then or now.
    """

    registering: Registering
    rules: VersionRules
    trial_code: str
    number: str
    claimed_at: datetime
    call: ByTelephone
    slot: SlotRecord | None
    results: Sequence[GuardResult]
    found: tuple[Difference, ...]


async def keep_late_registration(tx: Tx, act: Act, entry: LateEntry) -> Participant:
    """The participant; the cohort's rule is settled with the child in it, as if it had been there in time."""
    registering = entry.registering
    screening = registering.screening
    participant = _participant(entry, act.new_id())
    await insert_participant(tx, participant)
    await save_state(tx, screening.id, ScreeningState.REGISTERED)
    await use_number(tx, entry.number, participant.id, act.now)
    attempted = Attempted(
        registration_id=participant.registration_id,
        slot_id=participant.slot_id,
        results=entry.results,
        kind=registering.kind,
    )
    await insert_attempt(tx, attempt_of(act, screening, attempted, "", participant.id))
    draft = Draft(registering.board, act.now, act.new_id)
    take_place(draft, entry.slot, screening.holder, registering.candidate)
    draft.members[registering.candidate] = member_of(participant)
    settle(draft)
    zone, late = registering.site.zone, _after_a_halt(entry)
    said = registration_events(screening, participant, zone, before_halt_seen=late)
    await keep(tx, act, draft, also=[*said, *_flagged(act, entry, participant)])
    await _keep_entry(tx, act, entry, participant)
    await confirm_registration(tx, act, participant, entry.rules.dose_basis)
    return participant


def _participant(entry: LateEntry, registration_id: str) -> Participant:
    registering, rules = entry.registering, entry.rules
    screening, place = registering.screening, registering.place
    part = rules.terms.parts[place.part]
    level = part.levels[place.level] if place.has_levels else NO_LEVEL
    decision_id, rule_cell = _rests_on(registering, entry.claimed_at) if place.has_levels else ("", "")
    return Participant(
        id=registering.candidate,
        trial_id=screening.trial_id,
        number=entry.number,
        site_number=screening.site_id,
        screening_id=screening.id,
        registration_id=registration_id,
        slot_id=entry.slot.slot.id if entry.slot else None,
        part=place.part,
        stratum=part.stratum,
        level=place.level,
        dose=level.dose,
        unit=level.unit,
        decision_id=decision_id,
        rule_cell=rule_cell,
        protocol_version=rules.terms.version,
        registered_at=entry.claimed_at,
    )


def _rests_on(registering: Registering, claimed_at: datetime) -> tuple[str, str]:
    """The decision on the level, whether or not it still stands, and what its rule says; empty without one."""
    decision, place = registering.decision(claimed_at), registering.place
    if decision is None:
        return "", ""
    evaluation = evaluate_cohort_rule(decision.rule, registering.board.counts(decision.rule, place))
    return decision.id, cell_text(evaluation.cell, evaluation.output)


def _after_a_halt(entry: LateEntry) -> bool:
    registering = entry.registering
    return any(
        registered_before_halt_seen(halt, entry.claimed_at, registering.place, registering.screening.site_id)
        for halt in registering.board.halts
    )


def _flagged(act: Act, entry: LateEntry, participant: Participant) -> list[NewEvent]:
    codes = codes_of(entry.found)
    if not codes:
        return []
    body = RegistrationFlaggedV1(
        trial_id=participant.trial_id,
        participant_id=participant.id,
        registration_id=participant.registration_id,
        flag=LATE_ENTRY,
        flagged_at=act.now,
        codes=codes,
    )
    return [NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body)]


async def _keep_entry(tx: Tx, act: Act, entry: LateEntry, participant: Participant) -> None:
    codes, registration_id = codes_of(entry.found), participant.registration_id
    values = {
        "registration_id": registration_id,
        "participant_id": participant.id,
        "trial_id": participant.trial_id,
        "number": participant.number,
        "claimed_registered_at": entry.claimed_at,
        "entered_by": act.actor,
        "entered_at": act.now,
    }
    await insert_late_registration(tx, values, entry.call, entry.found)
    flag = {"registration_id": registration_id, "flag": LATE_ENTRY, "flagged_by": act.actor}
    flags = [
        new_flag(tx, {**flag, "id": act.new_id(), "about": code, "flagged_at": act.now}) for code in codes
    ]
    call = entry.call
    details = {
        "registration_id": registration_id,
        "number": participant.number,
        "codes": codes,
        "claimed_registered_at": format_instant(entry.claimed_at),
        "called_at": format_instant(call.called_at),
        "duty_person": call.duty_person,
        "sponsor_confirmed_by": call.sponsor_confirmed_by,
        "safety_confirmed_by": call.safety_confirmed_by,
    }
    await record_audit(tx, act, participant.id, "registration.entered-late", details, *flags)
