"""Keep what came of an attempt to register: the participant with everything that follows, or the refusal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.enrolment.commands.announce import keep
from services.enrolment.commands.confirm_dose import confirm_registration
from services.enrolment.domain.board import Member, ScreeningState
from services.enrolment.domain.cohort_counts import CohortMember
from services.enrolment.domain.cohort_rule import evaluate_cohort_rule
from services.enrolment.domain.draft import Draft
from services.enrolment.domain.guards import GuardResult
from services.enrolment.domain.ids import DecisionId, ParticipantId, ParticipantNumber, PartLevel, SiteId
from services.enrolment.domain.kinds import KindRules
from services.enrolment.domain.protocol_terms import LevelTerms, NoTerms, VersionRules
from services.enrolment.domain.registering import Registering
from services.enrolment.domain.screening import Screening
from services.enrolment.domain.settle_levels import cell_text
from services.enrolment.domain.settlement import settle
from services.enrolment.domain.slots import consume_slot
from services.enrolment.events.participant_events import (
    ParticipantAllocatedV1,
    ParticipantRegisteredV1,
    ParticipantRegisteredV2,
)
from services.enrolment.store.participants import (
    Attempt,
    Participant,
    insert_attempt,
    new_attempt,
    new_participant,
    result_document,
)
from services.enrolment.store.people import new_state, next_number
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx
from shared.outbox import NewEvent

NO_LEVEL = LevelTerms(label="", dose="", unit="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """An attempt to register; `kind` is None when it was refused before the trial was looked at."""

    registration_id: str
    slot_id: str | None
    results: Sequence[GuardResult]
    kind: KindRules | None


async def keep_refusal(tx: Tx, act: Act, screening: Screening, attempted: Attempted, code: str) -> None:
    await insert_attempt(tx, attempt_of(act, screening, attempted, code, None))
    failing = [result.code for result in attempted.results if not result.passed]
    details = {"registration_id": attempted.registration_id, "codes": failing}
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
    screening = registering.screening
    rules = registering.rules(act.now)
    if isinstance(rules, NoTerms):
        raise LookupError("guard 6 lets nobody through without a version")
    participant = await _participant(tx, act, registering, rules, registration_id, trial_code)
    attempted = Attempted(
        registration_id=registration_id, slot_id=participant.slot_id, results=results, kind=registering.kind
    )
    board, member = registering.board, member_of(participant)
    draft = Draft(
        replace(board, members={**board.members, registering.candidate: member}), act.now, act.new_id
    )
    if registering.slot is not None:
        consumed = consume_slot(registering.slot.slot, screening.holder, registering.candidate, act.now)
        draft.amend_slot(replace(registering.slot, slot=consumed))
    settle(draft)
    changes = (
        new_participant(tx, participant),
        new_state(screening.id, ScreeningState.REGISTERED),
        new_attempt(tx, attempt_of(act, screening, attempted, "", participant.id)),
    )
    told = registration_events(screening, participant, registering.site.zone)
    await keep(tx, act, draft, also=told, with_changes=changes)
    await confirm_registration(tx, act, participant, rules.dose_basis)
    return participant


async def _participant(
    tx: Tx, act: Act, registering: Registering, rules: VersionRules, registration_id: str, trial_code: str
) -> Participant:
    screening, place = registering.screening, registering.place
    part = rules.terms.parts[place.part]
    level = part.levels[place.level] if place.has_levels else NO_LEVEL
    decision_id, rule_cell = _rests_on(registering, act) if place.has_levels else ("", "")
    sequence = await next_number(tx, screening.trial_id, screening.site_id, "participant")
    return Participant(
        id=registering.candidate,
        trial_id=screening.trial_id,
        number=str(ParticipantNumber(trial_code=trial_code, site=screening.site_id, sequence=sequence)),
        site_number=screening.site_id,
        screening_id=screening.id,
        registration_id=registration_id,
        slot_id=registering.slot.slot.id if registering.slot else None,
        part=place.part,
        stratum=part.stratum,
        level=place.level,
        dose=level.dose,
        unit=level.unit,
        decision_id=decision_id,
        rule_cell=rule_cell,
        protocol_version=rules.terms.version,
        registered_at=act.now,
    )


def _rests_on(registering: Registering, act: Act) -> tuple[str, str]:
    """The decision behind an allocation, and the cell of its rule that let the registration pass."""
    decision, place = registering.decision(act.now), registering.place
    if decision is None:
        raise LookupError("guard 17 lets nobody through without a decision")
    evaluation = evaluate_cohort_rule(decision.rule, registering.board.counts(decision.rule, place))
    return decision.id, cell_text(evaluation.cell, evaluation.output)


def member_of(participant: Participant) -> Member:
    return Member(
        cohort=CohortMember(
            participant_id=ParticipantId(participant.id),
            place=PartLevel(part=participant.part, level=participant.level),
            dosed=False,
        ),
        site_id=SiteId(participant.site_number),
        decision_id=DecisionId(participant.decision_id),
        registered_at=participant.registered_at,
        placed=participant.slot_id is not None,
    )


def attempt_of(
    act: Act, screening: Screening, attempted: Attempted, code: str, participant_id: str | None
) -> Attempt:
    return Attempt(
        id=attempted.registration_id,
        trial_id=screening.trial_id,
        site_number=screening.site_id,
        screening_id=screening.id,
        slot_id=attempted.slot_id,
        participant_id=participant_id,
        code=code,
        results=[result_document(result) for result in attempted.results],
        at=act.now,
        kind=attempted.kind.kind.value if attempted.kind else None,
        kind_table=attempted.kind.table if attempted.kind else None,
    )


def registration_events(
    screening: Screening, participant: Participant, zone: str, *, before_halt_seen: bool = False
) -> list[NewEvent]:
    """What is told of a registration: two events for a part with dose levels, one for any other.

    A halt that is known refuses, and one that is not yet known flags the record later: `before_halt_seen` is true
    of a late entry alone.
    """
    if not participant.level:
        return [_registered_without_level(screening, participant, zone, before_halt_seen)]
    return [_registered(screening, participant, zone, before_halt_seen), _allocated(participant)]


def _registered_without_level(
    screening: Screening, participant: Participant, zone: str, before_halt_seen: bool
) -> NewEvent:
    body = ParticipantRegisteredV2(
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
        registered_at=participant.registered_at,
        before_halt_seen=before_halt_seen,
    )
    return NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body)


def _registered(
    screening: Screening, participant: Participant, zone: str, before_halt_seen: bool
) -> NewEvent:
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
        slot_id=participant.slot_id or "",
        decision_id=participant.decision_id,
        registered_at=participant.registered_at,
        before_halt_seen=before_halt_seen,
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
