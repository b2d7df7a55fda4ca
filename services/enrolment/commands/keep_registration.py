"""Keep what came of an attempt to register: the participant with everything that follows, or the refusal."""

from collections.abc import Sequence
from dataclasses import replace

from services.enrolment.commands.announce import keep
from services.enrolment.domain.board import Member, ScreeningState
from services.enrolment.domain.cohort_counts import CohortMember
from services.enrolment.domain.cohort_rule import evaluate_cohort_rule
from services.enrolment.domain.draft import Draft
from services.enrolment.domain.guards import GuardResult
from services.enrolment.domain.ids import DecisionId, ParticipantId, ParticipantNumber, PartLevel, SiteId
from services.enrolment.domain.protocol_terms import NoTerms
from services.enrolment.domain.registering import Registering
from services.enrolment.domain.screening import Screening
from services.enrolment.domain.settle_levels import cell_text
from services.enrolment.domain.settlement import settle
from services.enrolment.domain.slots import consume_slot
from services.enrolment.events.participant_events import ParticipantAllocatedV1, ParticipantRegisteredV1
from services.enrolment.store.participants import (
    Attempt,
    Participant,
    insert_attempt,
    insert_participant,
    result_document,
)
from services.enrolment.store.people import next_number, save_state
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx
from shared.outbox import NewEvent


async def keep_refusal(
    tx: Tx,
    act: Act,
    screening: Screening,
    slot_id: str,
    registration_id: str,
    results: Sequence[GuardResult],
    code: str,
) -> None:
    await insert_attempt(tx, _attempt(act, screening, slot_id, registration_id, results, code, None))
    failing = [result.code for result in results if not result.passed]
    details = {"registration_id": registration_id, "codes": failing}
    await record_audit(tx, act, screening.id, "registration.refused", details)


async def keep_registration(
    tx: Tx,
    act: Act,
    registering: Registering,
    registration_id: str,
    results: Sequence[GuardResult],
    trial_code: str,
) -> Participant:
    """The participant; slot, screening, counts and events follow in the same transaction."""
    screening, slot = registering.screening, registering.slot.slot
    participant = await _participant(tx, act, registering, registration_id, trial_code)
    await insert_participant(tx, participant)
    await save_state(tx, screening.id, ScreeningState.REGISTERED)
    await insert_attempt(tx, _attempt(act, screening, slot.id, registration_id, results, "", participant.id))
    draft = Draft(registering.board, act.now, act.new_id)
    consumed = consume_slot(slot, screening.holder, registering.candidate, act.now)
    draft.amend_slot(replace(registering.slot, slot=consumed))
    draft.members[registering.candidate] = _member(participant)
    settle(draft)
    zone = registering.site.zone
    await keep(tx, act, draft, also=[_registered(screening, participant, zone), _allocated(participant)])
    return participant


async def _participant(
    tx: Tx, act: Act, registering: Registering, registration_id: str, trial_code: str
) -> Participant:
    screening, place, rules = registering.screening, registering.place, registering.rules(act.now)
    decision = registering.decision(act.now)
    if isinstance(rules, NoTerms) or decision is None:
        raise LookupError("guards 6 and 17 let nobody through without a version and a decision")
    part = rules.terms.parts[place.part]
    level = part.levels[place.level]
    evaluation = evaluate_cohort_rule(decision.rule, registering.board.counts(decision.rule, place))
    sequence = await next_number(tx, screening.trial_id, screening.site_id, "participant")
    return Participant(
        id=registering.candidate,
        trial_id=screening.trial_id,
        number=str(ParticipantNumber(trial_code=trial_code, site=screening.site_id, sequence=sequence)),
        site_number=screening.site_id,
        screening_id=screening.id,
        registration_id=registration_id,
        slot_id=registering.slot.slot.id,
        part=place.part,
        stratum=part.stratum,
        level=place.level,
        dose=level.dose,
        unit=level.unit,
        decision_id=decision.id,
        rule_cell=cell_text(evaluation.cell, evaluation.output),
        protocol_version=rules.terms.version,
        registered_at=act.now,
    )


def _member(participant: Participant) -> Member:
    return Member(
        cohort=CohortMember(
            participant_id=ParticipantId(participant.id),
            place=PartLevel(part=participant.part, level=participant.level),
            dosed=False,
        ),
        site_id=SiteId(participant.site_number),
        decision_id=DecisionId(participant.decision_id),
        registered_at=participant.registered_at,
    )


def _attempt(
    act: Act,
    screening: Screening,
    slot_id: str,
    registration_id: str,
    results: Sequence[GuardResult],
    code: str,
    participant_id: str | None,
) -> Attempt:
    return Attempt(
        id=registration_id,
        trial_id=screening.trial_id,
        site_number=screening.site_id,
        screening_id=screening.id,
        slot_id=slot_id,
        participant_id=participant_id,
        code=code,
        results=[result_document(result) for result in results],
        at=act.now,
    )


def _registered(screening: Screening, participant: Participant, zone: str) -> NewEvent:
    body = ParticipantRegisteredV1(
        trial_id=participant.trial_id,
        participant_id=participant.id,
        participant_number=participant.number,
        screening_id=screening.id,
        screening_number=screening.number,
        site_number=participant.site_number,
        zone=zone,
        protocol_version=participant.protocol_version,
        part=participant.part,
        stratum=participant.stratum,
        level=participant.level,
        slot_id=participant.slot_id,
        decision_id=participant.decision_id,
        registered_at=participant.registered_at,
        before_halt_seen=False,  # a halt that is known refuses; one that is not yet known flags the record later
    )
    return NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body)


def _allocated(participant: Participant) -> NewEvent:
    body = ParticipantAllocatedV1(
        trial_id=participant.trial_id,
        participant_id=participant.id,
        part=participant.part,
        level=participant.level,
        dose=participant.dose,
        unit=participant.unit,
        decision_id=participant.decision_id,
        rule_cell=participant.rule_cell,
    )
    return NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body)
