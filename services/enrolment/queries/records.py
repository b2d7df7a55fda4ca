"""Single records and lists of people, by pseudonym: screenings, registrations, participants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.enrolment.domain.consent import Consent
from services.enrolment.domain.registration_facts import PersonFacts
from services.enrolment.domain.screening import Screening
from services.enrolment.queries.eligibility_view import AskedView, kept_answers, show_asked
from services.enrolment.queries.follow_up import StandingView, standing_of_participant
from services.enrolment.queries.visibility import unseen, view_of, view_site
from services.enrolment.store.consent_records import flags_of
from services.enrolment.store.identity import Neighbours, neighbours_of
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
    neighbours: Neighbours
    superseded: Sequence[Consent]
    asked: AskedView

    @property
    def answers(self) -> Mapping[str, Any]:
        """Answers to the criteria as they were entered."""
        eligibility = self.person.eligibility
        return {} if eligibility is None else kept_answers(eligibility)


async def show_screening(tx: Tx, act: Act, screening_id: str) -> ScreeningView:
    screening = await find_screening(tx, screening_id)
    await view_site(
        tx, act, screening.trial_id if screening else None, screening.site_id if screening else ""
    )
    if screening is None:
        raise unseen(act)
    person = await load_person(tx, screening.id, screening.born)
    neighbours = await neighbours_of(tx, screening_id)
    return ScreeningView(
        screening=screening,
        person=person.facts,
        neighbours=neighbours,
        superseded=person.superseded,
        asked=await show_asked(tx, screening, person.facts, act.now),
    )


async def show_registration_guards(tx: Tx, act: Act, registration_id: str) -> Attempt:
    """Every guard's result of one attempt, with the inputs it was evaluated on; it follows a transfer."""
    attempt = await find_attempt(tx, registration_id)
    registered = attempt.participant_id if attempt else None
    participant = await find_participant(tx, registered) if registered else None
    site = participant.site_number if participant else attempt.site_number if attempt else ""
    await view_site(tx, act, attempt.trial_id if attempt else None, site)
    if attempt is None:
        raise unseen(act)
    return attempt


async def show_flagged_guards(
    tx: Tx, act: Act, registration_id: str
) -> tuple[Attempt, Sequence[tuple[str, str, datetime]]]:
    """As `show_registration_guards`, with the flags set on the registration since."""
    attempt = await show_registration_guards(tx, act, registration_id)
    return attempt, await flags_of(tx, registration_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantView:
    participant: Participant
    administrations: Sequence[Mapping[str, Any]]
    standing: StandingView


async def show_participant(tx: Tx, act: Act, participant_id: str) -> ParticipantView:
    participant = await find_participant(tx, participant_id)
    await view_site(
        tx, act, participant.trial_id if participant else None, participant.site_number if participant else ""
    )
    if participant is None:
        raise unseen(act)
    return ParticipantView(
        participant=participant,
        administrations=await administrations_of(tx, participant_id),
        standing=await standing_of_participant(tx, act, participant),
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
