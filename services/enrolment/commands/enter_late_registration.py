"""Enter, once service is back, a registration for which the place was given by telephone.

It is kept as the fact it is: counted in its cohort, whatever the guards say, and flagged with what they say.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from services.enrolment.commands.identity_facts import with_identity
from services.enrolment.commands.keep_late_registration import LateEntry, keep_late_registration
from services.enrolment.commands.number_owner import owner_of_number
from services.enrolment.commands.permission import (
    Allowed,
    allow_screening,
    delegations_unknown,
    has_duty,
    unended_screening,
)
from services.enrolment.commands.record_eligibility import keep_age_statement
from services.enrolment.commands.register_participant import DUTY, Registered
from services.enrolment.domain.asked_place import kind_of_trial, versions_in_order
from services.enrolment.domain.board import SlotRecord
from services.enrolment.domain.downtime import (
    ByTelephone,
    Difference,
    as_given,
    check_late_entry,
    differences,
    place_taken,
    rules_with_place,
)
from services.enrolment.domain.guards import GuardResult, duty_guard, freshness_guard, refusal_from
from services.enrolment.domain.ids import ParticipantId, PartLevel, parse_participant_number
from services.enrolment.domain.kinds import Kind
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.registering import UNKNOWN_SITE, Registering, registration_facts
from services.enrolment.domain.registration import evaluate_guards
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.domain.screening import Screening, check_claimed
from services.enrolment.store.boards import load_board, lock_trial
from services.enrolment.store.downtime import find_issued_number
from services.enrolment.store.kinds import rules_of_kind
from services.enrolment.store.registration_reads import read_registration
from shared.act import Act
from shared.database import Tx
from shared.freshness import FreshnessRule, Stale, first_stale
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterLateRegistration:
    """`level` is the one given by telephone, 0 in a part without levels; `age_years` on the local date `age_on`."""

    screening_id: str
    number: str
    level: int
    claimed_registered_at: datetime
    call: ByTelephone
    age_years: int | None = None
    age_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRegistered:
    registered: Registered
    found: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLittleKnown:
    """Late entry can wait: what sponsor or safety say is not known well enough to tell what differs."""

    refused: Refused
    stale: Stale


async def enter_late_registration(
    tx: Tx, command: EnterLateRegistration, act: Act, freshness: FreshnessRule
) -> LateRegistered | TooLittleKnown:
    """The participant with the number of the site's block, registered since the claimed time.

    Raises:
        Problem: `forbidden` also without the duty, `not_found` for what does not exist.
        Refused: `screening_ended`, `pseudonym_invalid`, `level_unknown`, an age statement that cannot be true, and
            see `check_late_entry`. Nothing else refuses.
    """
    allowed, seen = await allow_screening(tx, act, SITE_STAFF, command.screening_id)
    await lock_trial(tx, seen.trial_id)
    delegated = await has_duty(tx, allowed.act, seen.trial_id, seen.site_id, SITE_STAFF)
    stale = await first_stale(tx, freshness, seen.trial_id)
    if not delegated and not delegations_unknown(stale):
        raise Problem("forbidden")
    fresh = freshness_guard([stale.producer] if stale else [])
    if stale is not None:
        refused = refusal_from([fresh])
        assert refused is not None
        return TooLittleKnown(refused=refused, stale=stale)
    before = [duty_guard(duty=DUTY, delegated=True, visible=True), fresh]
    _, screening = await unended_screening(tx, act, SITE_STAFF, command.screening_id)
    await _check(tx, command, allowed, screening)
    entry = await _gather(tx, command, allowed, screening, before)
    participant = await keep_late_registration(tx, allowed.act, entry)
    registered = Registered(
        registration_id=participant.registration_id,
        participant=participant,
        screening_number=screening.number,
    )
    return LateRegistered(registered=registered, found=entry.found)


async def _check(tx: Tx, command: EnterLateRegistration, allowed: Allowed, screening: Screening) -> None:
    number = str(parse_participant_number(command.number))
    issued = await find_issued_number(tx, number)
    now, claimed_at = allowed.act.now, command.claimed_registered_at
    check_late_entry(issued, screening.trial_id, screening.site_id, claimed_at, now)
    check_claimed(command.call.called_at, now)


async def _gather(
    tx: Tx,
    command: EnterLateRegistration,
    allowed: Allowed,
    screening: Screening,
    before: list[GuardResult],
) -> LateEntry:
    """Everything the guards look at, and what they say as of the claimed time and as of now."""
    act, claimed_at = allowed.act, command.claimed_registered_at
    registering = await _registering(tx, command, act, screening)
    versions = versions_in_order(registering.versions, registering.site.green_lit, claimed_at)
    rules = rules_with_place(versions, registering.place)
    record = place_taken(registering.board.slots.values(), screening.holder, registering.place)
    now, then = (_asked(registering, record, at) for at in (act.now, claimed_at))
    return LateEntry(
        registering=registering,
        rules=rules,
        trial_code=allowed.trial.code,
        number=command.number,
        claimed_at=claimed_at,
        call=command.call,
        slot=record,
        results=(*before, *now),
        found=differences(then, now, command.call, claimed_at),
    )


def _asked(registering: Registering, record: SlotRecord | None, at: datetime) -> tuple[GuardResult, ...]:
    """The guards as of one instant, by what is known now; a place that was free counts as given then."""
    window = registering.board.policy.reserve_window
    given = record and as_given(record, registering.screening.holder, at, window)
    return evaluate_guards(registration_facts(replace(registering, slot=given), at), at)


async def _registering(tx: Tx, command: EnterLateRegistration, act: Act, screening: Screening) -> Registering:
    if command.age_years is not None and command.age_on is not None:
        await keep_age_statement(tx, act, screening, command.age_years, command.age_on)
    board = await load_board(tx, screening.trial_id, act.now)
    records = await read_registration(tx, screening.id, screening.born, screening.trial_id, screening.site_id)
    place = PartLevel(part=screening.part, level=command.level)
    site = board.sites.get(screening.site_id, UNKNOWN_SITE)
    in_order = versions_in_order(records.versions, site.green_lit, command.claimed_registered_at)
    opened_by = board.levels[place].level.opened_by if place in board.levels else None
    person, known = records.person.facts, records.known_by_number
    return Registering(
        kind=kind_of_trial(in_order, rules_of_kind(Kind.DOSE_FINDING)),
        board=board,
        versions=records.versions,
        screening=screening,
        person=await with_identity(tx, act, screening, board.code, person, known_by_number=known),
        place=place,
        slot=None,
        received=opened_by in records.received,
        version_read=screening.version,
        candidate=ParticipantId(act.new_id()),
        number_owner=await owner_of_number(tx, screening),
    )
