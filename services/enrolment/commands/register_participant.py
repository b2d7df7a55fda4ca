"""Register a child: every guard inside one transaction, under the trial's gate, after freshness was shown."""

from dataclasses import dataclass
from datetime import date

from services.enrolment.commands.identity_facts import with_identity
from services.enrolment.commands.keep_registration import Attempted, keep_refusal, keep_registration
from services.enrolment.commands.number_owner import owner_of_number
from services.enrolment.commands.permission import (
    delegations_unknown,
    has_duty,
    locked_screening,
    unknown,
)
from services.enrolment.commands.record_eligibility import keep_age_statement
from services.enrolment.domain.asked_place import kind_of_trial, place_asked_for, versions_in_order
from services.enrolment.domain.board import Board, SlotRecord
from services.enrolment.domain.guards import GuardResult, duty_guard, freshness_guard, refusal_from
from services.enrolment.domain.ids import ParticipantId, SlotId
from services.enrolment.domain.kinds import Kind, KindRules
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.registering import UNKNOWN_SITE, Registering, registration_facts
from services.enrolment.domain.registration import evaluate_guards
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.domain.screening import Screening, check_running
from services.enrolment.store.boards import load_board, lock_trial_of
from services.enrolment.store.kinds import rules_of_kind
from services.enrolment.store.participants import Participant
from services.enrolment.store.registration_reads import read_registration
from shared.act import Act
from shared.database import Tx
from shared.freshness import FreshnessRule, Stale, first_stale

DUTY = "register"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterParticipant:
    """`age_years` on the site's local date `age_on`, where the site states it now; `version` as read.

    `slot_id` is None for a part without dose levels.
    """

    screening_id: str
    slot_id: str | None
    age_years: int | None = None
    age_on: date | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    registration_id: str
    participant: Participant
    screening_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRegistered:
    """Refused, and kept: every guard's result with its inputs. `stale` is set when guard 2 failed."""

    registration_id: str
    refused: Refused
    stale: Stale | None = None


async def register_participant(
    tx: Tx, command: RegisterParticipant, act: Act, freshness: FreshnessRule
) -> Registered | NotRegistered:
    """A registration that every guard lets through, or the refusal that names each that does not.

    Guard 1 and then guard 2 are reported alone: who may not act, or acts on old news, learns nothing else.

    Raises:
        Problem: `forbidden` or `not_found` without a grant, or for what does not exist.
        Refused: `screening_ended`, `part_has_no_places`, or an age statement that cannot be true; nothing is
            kept then.
    """
    await lock_trial_of(tx, command.screening_id)
    allowed, screening = await locked_screening(tx, act, SITE_STAFF, command.screening_id)
    act = allowed.act
    delegated = await has_duty(tx, act, screening.trial_id, screening.site_id, SITE_STAFF)
    stale = await first_stale(tx, freshness, screening.trial_id)
    results = [duty_guard(duty=DUTY, delegated=delegated, visible=True)]
    if not delegated and not delegations_unknown(stale):
        return await _refuse(tx, act, command, screening, results)
    results = results if delegated else []
    results.append(freshness_guard([stale.producer] if stale else []))
    if stale is not None:
        return await _refuse(tx, act, command, screening, results, stale)
    check_running(screening)
    registering = await _gather(tx, act, command, screening)
    results += evaluate_guards(registration_facts(registering, act.now), act.now)
    if refusal_from(results) is not None:
        return await _refuse(tx, act, command, screening, results, kind=registering.kind)
    registration_id = act.new_id()
    participant = await keep_registration(tx, act, registering, registration_id, results, allowed.trial.code)
    return Registered(
        registration_id=registration_id, participant=participant, screening_number=screening.number
    )


async def _gather(tx: Tx, act: Act, command: RegisterParticipant, screening: Screening) -> Registering:
    """Everything the guards look at, in a handful of reads under the gate."""
    if command.age_years is not None and command.age_on is not None:
        await keep_age_statement(tx, act, screening, command.age_years, command.age_on)
    board = await load_board(tx, screening.trial_id, act.now, also_slot=command.slot_id or "")
    records = await read_registration(tx, screening.id, screening.born, screening.trial_id, screening.site_id)
    site = board.sites.get(screening.site_id, UNKNOWN_SITE)
    in_order = versions_in_order(records.versions, site.green_lit, act.now)
    slot = _slot_of(board, command, act)
    place = place_asked_for(board, screening.part, slot, in_order)
    opened_by = board.levels[place].level.opened_by if place in board.levels else None
    person, known = records.person.facts, records.known_by_number
    return Registering(
        kind=kind_of_trial(in_order, rules_of_kind(Kind.DOSE_FINDING)),
        board=board,
        versions=records.versions,
        screening=screening,
        person=await with_identity(tx, act, screening, board.code, person, known_by_number=known),
        place=place,
        slot=slot,
        received=opened_by in records.received,
        version_read=screening.version if command.version is None else command.version,
        candidate=ParticipantId(act.new_id()),
        number_owner=await owner_of_number(tx, screening),
    )


def _slot_of(board: Board, command: RegisterParticipant, act: Act) -> SlotRecord | None:
    if command.slot_id is None:
        return None
    record = board.slots.get(SlotId(command.slot_id))
    if record is None:
        raise unknown(act, SITE_STAFF)
    return record


async def _refuse(
    tx: Tx,
    act: Act,
    command: RegisterParticipant,
    screening: Screening,
    results: list[GuardResult],
    stale: Stale | None = None,
    kind: KindRules | None = None,
) -> NotRegistered:
    refused = refusal_from(results)
    assert refused is not None
    registration_id = act.new_id()
    attempt = Attempted(registration_id=registration_id, slot_id=command.slot_id, results=results, kind=kind)
    await keep_refusal(tx, act, screening, attempt, refused.code)
    return NotRegistered(registration_id=registration_id, refused=refused, stale=stale)
