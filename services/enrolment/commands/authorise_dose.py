"""Authorise a dose, under the same freshness as a registration. Recording one needs no authorisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.commands.confirm_dose import PlannedDoses, confirm_authorisation
from services.enrolment.commands.permission import delegations_unknown, has_duty
from services.enrolment.commands.treatment import check_treatment
from services.enrolment.domain.age import local_date, possible_ages
from services.enrolment.domain.board import Board
from services.enrolment.domain.dose_authorising import check_planned_at
from services.enrolment.domain.dose_confirmation import Confirmation
from services.enrolment.domain.dosing import DoseFacts, evaluate_dose_guards
from services.enrolment.domain.guards import GuardResult, duty_guard, freshness_guard, refusal_from
from services.enrolment.domain.ids import DecisionId, ParticipantId, PartLevel, SiteId
from services.enrolment.domain.levels import DecisionStanding
from services.enrolment.domain.participation import Element, Participation
from services.enrolment.domain.planned_dose import Measure, check_measure
from services.enrolment.domain.protocol_terms import NoTerms, VersionRules, rules_in_use
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.registering import LEAP_DAY, UNKNOWN_SITE, others_at_level
from services.enrolment.domain.roles import INVESTIGATOR
from services.enrolment.domain.screening import check_dosable
from services.enrolment.domain.stagger import AtLevel, evaluate_stagger
from services.enrolment.store.boards import load_board
from services.enrolment.store.dose_confirmations import dose_basis
from services.enrolment.store.participants import (
    Participant,
    end_earlier_authorisations,
    insert_authorisation,
    result_document,
)
from services.enrolment.store.people import find_screening, load_person
from services.enrolment.store.transfers import consented_at_site
from services.enrolment.store.trials import versions_of
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx
from shared.freshness import FreshnessRule, Stale, first_stale


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoriseDose:
    """`doses` administrations, the first planned for `planned_at`; `measure` where the protocol doses by one."""

    participant_id: str
    planned_at: datetime
    doses: int = 1
    measure: Measure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseAuthorised:
    authorisation_id: str
    participant: Participant
    authorised_at: datetime
    confirmation: Confirmation


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseNotAuthorised:
    refused: Refused
    stale: Stale | None = None


async def authorise_dose(
    tx: Tx, command: AuthoriseDose, act: Act, freshness: FreshnessRule
) -> DoseAuthorised | DoseNotAuthorised:
    """The authorisation, or the refusal with every failing guard; duty and freshness are reported alone.

    Raises:
        Refused: `planned_time_out_of_range`, `registration_voided`, `no_treatment` in a trial of a kind under
            which nothing is given, `measure_unsuitable`, `time_in_future`.
    """
    allowed, participant = await participant_under_gate(tx, act, INVESTIGATOR, command.participant_id)
    act = allowed.act
    check_planned_at(command.planned_at, act.now)
    check_dosable(voided=participant.voided_at is not None)
    await check_treatment(tx, participant.trial_id)
    delegated = await has_duty(tx, act, participant.trial_id, participant.site_number, INVESTIGATOR)
    stale = await first_stale(tx, freshness, participant.trial_id)
    results = [duty_guard(duty="authorise_dose", delegated=delegated, visible=True)]
    if not delegated and not delegations_unknown(stale):
        return await _refuse(tx, act, participant, results)
    results = results if delegated else []
    results.append(freshness_guard([stale.producer] if stale else []))
    if stale is not None:
        return await _refuse(tx, act, participant, results, stale)
    results += evaluate_dose_guards(await dose_facts(tx, act, participant))
    if refusal_from(results) is not None:
        return await _refuse(tx, act, participant, results)
    return await _authorise(tx, act, command, participant, results)


async def _authorise(
    tx: Tx, act: Act, command: AuthoriseDose, participant: Participant, results: list[GuardResult]
) -> DoseAuthorised:
    basis = await dose_basis(tx, participant.trial_id, participant.protocol_version)
    check_measure(basis, command.measure, act.now)
    await _take_the_place_of_earlier(tx, act, participant)
    planned = PlannedDoses(
        authorisation_id=await keep_authorisation(
            tx, act, participant, planned_at=command.planned_at, doses=command.doses, results=results
        ),
        planned_at=command.planned_at,
        doses=command.doses,
        basis=basis,
        measure=command.measure,
    )
    return DoseAuthorised(
        authorisation_id=planned.authorisation_id,
        participant=participant,
        authorised_at=act.now,
        confirmation=await confirm_authorisation(tx, act, participant, planned),
    )


async def _take_the_place_of_earlier(tx: Tx, act: Act, participant: Participant) -> None:
    """One authorisation stands at a time: asked for again, a dose must not be given twice."""
    for earlier in await end_earlier_authorisations(tx, participant.id):
        await record_audit(tx, act, participant.id, "dose-authorisation.ended", {"authorisation_id": earlier})


async def keep_authorisation(
    tx: Tx,
    act: Act,
    participant: Participant,
    *,
    planned_at: datetime,
    doses: int,
    results: Sequence[GuardResult],
) -> str:
    """Keep permission for so many doses, with the guards that it rests on; its id."""
    authorisation_id = act.new_id()
    await insert_authorisation(
        tx,
        {
            "id": authorisation_id,
            "participant_id": participant.id,
            "planned_at": planned_at,
            "doses": doses,
            "used": 0,
            "authorised_by": act.actor,
            "authorised_at": act.now,
            "results": [result_document(result) for result in results],
        },
    )
    details = {"authorisation_id": authorisation_id, "doses": doses}
    await record_audit(tx, act, participant.id, "dose.authorised", details)
    return authorisation_id


async def _refuse(
    tx: Tx, act: Act, participant: Participant, results: list[GuardResult], stale: Stale | None = None
) -> DoseNotAuthorised:
    refused = refusal_from(results)
    assert refused is not None
    details = {"results": [result_document(result) for result in results]}
    await record_audit(tx, act, participant.id, "dose-authorisation.refused", details)
    return DoseNotAuthorised(refused=refused, stale=stale)


async def dose_facts(tx: Tx, act: Act, participant: Participant) -> DoseFacts:
    """What the dose guards look at, of a participant under the trial's gate."""
    board = await load_board(tx, participant.trial_id, act.now)
    versions = await versions_of(tx, participant.trial_id)
    screening = await find_screening(tx, participant.screening_id)
    if screening is None:
        raise LookupError("a participant has a screening")
    person = (await load_person(tx, screening.id, screening.born)).facts
    site = board.sites.get(SiteId(participant.site_number), UNKNOWN_SITE)
    rules = _rules(versions, site.green_lit, act.now)
    today = local_date(act.now, ZoneInfo(site.zone))
    place = PartLevel(part=participant.part, level=participant.level)
    at_level = _at_level(board, participant, place, act.now)
    return DoseFacts(
        place=place,
        site_id=SiteId(participant.site_number),
        trial_status=board.status,
        halts=board.halts,
        first_dose=participant.first_dose_at is None,
        stagger=evaluate_stagger(rules.stagger, *at_level, act.now) if place.has_levels else None,
        consents=person.consents,
        ages=possible_ages(person.born, today, LEAP_DAY, person.age_statements),
        consent_policy=rules.consent_policy(site.country),
        adult_consent_blocks_dosing=rules.terms.person.adult_consent.blocks_treatment,
        participation=course_of(participant),
        allocated_by=_allocated_by(board, participant) if place.has_levels else None,
        consented_at_site=await consented_at_site(tx, participant.id, participant.screening_id),
    )


def _allocated_by(board: Board, participant: Participant) -> DecisionStanding:
    decision = board.decisions.get(DecisionId(participant.decision_id))
    return decision.standing if decision else DecisionStanding.WITHDRAWN


def _rules(versions: list[VersionRules], green_lit: frozenset[str], now: datetime) -> VersionRules:
    """The site's version; treatment goes on under the newest one where the site has lost its green light."""
    rules = rules_in_use(versions, green_lit, now)
    return versions[-1] if isinstance(rules, NoTerms) else rules


def _at_level(
    board: Board, participant: Participant, place: PartLevel, now: datetime
) -> tuple[AtLevel, tuple[AtLevel, ...]]:
    candidate = AtLevel(
        participant_id=ParticipantId(participant.id),
        registered_at=participant.registered_at,
        first_dose_at=participant.first_dose_at,
    )
    return candidate, others_at_level(board, place, candidate.participant_id, now)


def course_of(participant: Participant) -> Participation:
    """What is stopped now; treatment that has ended counts as stopped."""
    stopped = {Element(name) for name in participant.stopped}
    if participant.treatment_ended_at is not None:
        stopped.add(Element.TREATMENT)
    return Participation(stopped=frozenset(stopped))
