"""Single records and lists of people, by pseudonym: screenings, registrations, participants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.enrolment.domain.registration_facts import PersonFacts
from services.enrolment.domain.screening import Screening
from services.enrolment.queries.visibility import unseen, view_of, view_site
from services.enrolment.store.participants import (
    Attempt,
    Participant,
    administrations_of,
    find_attempt,
    find_participant,
    list_participants,
)
from services.enrolment.store.people import find_screening, load_person
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningView:
    screening: Screening
    person: PersonFacts


async def show_screening(tx: Tx, act: Act, screening_id: str) -> ScreeningView:
    screening = await find_screening(tx, screening_id)
    await view_site(
        tx, act, screening.trial_id if screening else None, screening.site_id if screening else ""
    )
    if screening is None:
        raise unseen(act)
    person = await load_person(tx, screening.id, screening.born)
    return ScreeningView(screening=screening, person=person.facts)


async def show_registration_guards(tx: Tx, act: Act, registration_id: str) -> Attempt:
    """Every guard's result of one attempt, with the inputs it was evaluated on."""
    attempt = await find_attempt(tx, registration_id)
    await view_site(tx, act, attempt.trial_id if attempt else None, attempt.site_number if attempt else "")
    if attempt is None:
        raise unseen(act)
    return attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantView:
    participant: Participant
    administrations: Sequence[Mapping[str, Any]]


async def show_participant(tx: Tx, act: Act, participant_id: str) -> ParticipantView:
    participant = await find_participant(tx, participant_id)
    await view_site(
        tx, act, participant.trial_id if participant else None, participant.site_number if participant else ""
    )
    if participant is None:
        raise unseen(act)
    return ParticipantView(
        participant=participant, administrations=await administrations_of(tx, participant_id)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantPage:
    items: Sequence[Participant]
    next_cursor: str | None


async def show_participants(tx: Tx, act: Act, trial: str, *, after: str, limit: int) -> ParticipantPage:
    """Participants of the sites that the asking person sees, a page at a time."""
    view = await view_of(tx, act, trial)
    sites = None if view.sites is None else sorted(view.sites)
    found = await list_participants(tx, view.trial.id, sites, after=after, limit=limit + 1)
    page = found[:limit]
    return ParticipantPage(items=page, next_cursor=page[-1].id if len(found) > limit else None)
