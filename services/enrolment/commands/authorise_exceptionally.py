"""One dose for one named child despite a halt or an unknown state: investigator and medical monitor together.

Withholding a dose can harm more than giving it: a child whose marrow has been emptied, cells that are thawed.
Both people agree, by telephone if need be; the act of the first, which names the second, takes effect at once,
wakes the safety desk, and must be countersigned by both within 24 hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.commands.authorise_dose import (
    DoseNotAuthorised,
    course_of,
    dose_facts,
    keep_authorisation,
)
from services.enrolment.commands.confirm_dose import PlannedDoses, confirm_authorisation
from services.enrolment.commands.permission import delegations_unknown, has_duty
from services.enrolment.commands.treatment import check_treatment
from services.enrolment.domain.dose_authorising import check_planned_at
from services.enrolment.domain.dose_confirmation import Confirmation
from services.enrolment.domain.dosing import (
    NamedChildAuthorisation,
    decide_named_child_authorisation,
    evaluate_dose_guards,
    evaluate_own_dose_guards,
)
from services.enrolment.domain.guards import GuardResult, freshness_guard
from services.enrolment.domain.ids import PersonId
from services.enrolment.domain.planned_dose import Measure, check_measure
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.roles import EXCEPTIONAL
from services.enrolment.domain.screening import check_dosable
from services.enrolment.events.dose_correction_events import ExceptionalAuthorisationRecordedV1
from services.enrolment.store.dose_confirmations import dose_basis
from services.enrolment.store.exceptional_authorisations import ExceptionalAuthorisation, insert_exceptional
from services.enrolment.store.participants import Participant, result_document
from services.enrolment.store.trials import delegations_of, holds_duty
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx
from shared.freshness import FreshnessRule, Stale, first_stale
from shared.outbox import NewEvent, put

INVESTIGATOR, MONITOR = EXCEPTIONAL


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoriseExceptionally:
    """`second_person` agreed by `channel`; `harm` is what withholding the dose would do, `reason` why now."""

    participant_id: str
    planned_at: datetime
    second_person: str
    channel: str
    reason: str
    harm: str
    measure: Measure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionallyAuthorised:
    participant: Participant
    authorisation: ExceptionalAuthorisation
    confirmation: Confirmation


async def authorise_exceptionally(
    tx: Tx, command: AuthoriseExceptionally, act: Act, freshness: FreshnessRule
) -> ExceptionallyAuthorised | DoseNotAuthorised:
    """The authorisation, in force now; or the refusal, which is kept with the guards that led to it.

    Raises:
        Refused: `planned_time_out_of_range`, `registration_voided`, `measure_unsuitable`, `time_in_future`.
    """
    allowed, participant = await participant_under_gate(tx, act, EXCEPTIONAL, command.participant_id)
    act = allowed.act
    check_planned_at(command.planned_at, act.now)
    check_dosable(voided=participant.voided_at is not None)
    stale = await first_stale(tx, freshness, participant.trial_id)
    if not delegations_unknown(stale):
        await check_treatment(tx, participant.trial_id)
    basis = await dose_basis(tx, participant.trial_id, participant.protocol_version)
    check_measure(basis, command.measure, act.now)
    results = await _guards(tx, act, participant, stale)
    try:
        await _check_people(tx, act, participant, command.second_person, stale)
        decided = _decide(command, act, results)
    except Refused as refused:
        details = {"code": refused.code, "results": [result_document(result) for result in results]}
        await record_audit(tx, act, participant.id, "exceptional-authorisation.refused", details)
        return DoseNotAuthorised(refused=refused)
    kept = await _keep(tx, act, command, participant, decided, results)
    planned = PlannedDoses(
        authorisation_id=kept.authorisation_id,
        planned_at=command.planned_at,
        doses=1,
        basis=basis,
        measure=command.measure,
    )
    confirmation = await confirm_authorisation(tx, act, participant, planned)
    return ExceptionallyAuthorised(participant=participant, authorisation=kept, confirmation=confirmation)


async def _guards(tx: Tx, act: Act, participant: Participant, stale: Stale | None) -> list[GuardResult]:
    """Every guard of a dose; while the copies are built anew those alone that rest on our own facts."""
    results = [freshness_guard([stale.producer] if stale else [])]
    if delegations_unknown(stale):
        return [*results, *evaluate_own_dose_guards(course_of(participant))]
    return [*results, *evaluate_dose_guards(await dose_facts(tx, act, participant))]


async def _check_people(tx: Tx, act: Act, participant: Participant, second: str, stale: Stale | None) -> None:
    """Each with a duty of their own in force, as far as duties are known just now."""
    if delegations_unknown(stale):
        return
    if not await has_duty(tx, act, participant.trial_id, participant.site_number, [act.actor_role]):
        raise Refused("forbidden", "The caller does not hold the duty here.")
    other = MONITOR if act.actor_role == INVESTIGATOR else INVESTIGATOR
    duties = await delegations_of(tx, participant.trial_id, second, act.now)
    if not holds_duty(duties, participant.site_number, [other]):
        raise Refused("second_person_required", f"The second person does not hold the duty {other}.")


def _decide(
    command: AuthoriseExceptionally, act: Act, results: Sequence[GuardResult]
) -> NamedChildAuthorisation:
    first, second = PersonId(act.actor), PersonId(command.second_person)
    by_investigator = act.actor_role == INVESTIGATOR
    return decide_named_child_authorisation(
        results,
        command.reason,
        first if by_investigator else second,
        second if by_investigator else first,
        act.now,
    )


async def _keep(
    tx: Tx,
    act: Act,
    command: AuthoriseExceptionally,
    participant: Participant,
    decided: NamedChildAuthorisation,
    results: Sequence[GuardResult],
) -> ExceptionalAuthorisation:
    authorisation_id = await keep_authorisation(
        tx, act, participant, planned_at=command.planned_at, doses=1, results=results
    )
    authorisation = ExceptionalAuthorisation(
        authorisation_id=authorisation_id,
        trial_id=participant.trial_id,
        site_number=participant.site_number,
        participant_id=participant.id,
        investigator=decided.investigator,
        medical_monitor=decided.medical_monitor,
        stated_by=act.actor,
        channel=command.channel,
        reason=decided.reason,
        harm=command.harm,
        set_aside=decided.set_aside,
        authorised_at=act.now,
        countersign_due_at=decided.countersign_due_at,
    )
    await insert_exceptional(tx, authorisation)
    event = NewEvent(
        aggregate_id=authorisation_id,
        scope=participant.trial_id,
        body=_recorded(authorisation),
        reason=decided.reason,
    )
    await put(tx, act, event)
    return authorisation


def _recorded(authorisation: ExceptionalAuthorisation) -> ExceptionalAuthorisationRecordedV1:
    return ExceptionalAuthorisationRecordedV1.model_validate(
        {
            "trial_id": authorisation.trial_id,
            "participant_id": authorisation.participant_id,
            "authorisation_id": authorisation.authorisation_id,
            "site_number": authorisation.site_number,
            "set_aside": list(authorisation.set_aside),
            "channel": authorisation.channel,
            "authorised_at": authorisation.authorised_at,
            "countersign_due_at": authorisation.countersign_due_at,
        }
    )
