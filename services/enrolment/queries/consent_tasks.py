"""Consents of participants: what was signed, and what those of one's own sites are asked for now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.enrolment.domain.adult_consent import AdultConsent
from services.enrolment.domain.consent import Consent
from services.enrolment.domain.consent_tasks import ConsentTask, consent_tasks
from services.enrolment.domain.participation import Element
from services.enrolment.queries.visibility import unseen, view_of, view_site
from services.enrolment.store.consent_records import sample_uses_of
from services.enrolment.store.consent_standings import Standing, load_standing, load_standings
from services.enrolment.store.followed import STRETCH, participants_after
from services.enrolment.store.participants import find_participant
from services.enrolment.store.people import find_screening, load_person
from shared.act import Act
from shared.database import Tx

STRETCHES = 10
"""Readings of one page at most: a page that found little says where to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentsView:
    """`sample_uses` are consented to only while the participant lets samples be used at all."""

    consents: Sequence[Consent]
    adult: AdultConsent
    sample_uses: Mapping[str, bool]
    tasks: Sequence[ConsentTask]


async def show_consents(tx: Tx, act: Act, participant_id: str) -> ConsentsView:
    participant = await find_participant(tx, participant_id)
    site = participant.site_number if participant else ""
    await view_site(tx, act, participant.trial_id if participant else None, site)
    screening = await find_screening(tx, participant.screening_id) if participant else None
    if participant is None or screening is None:
        raise unseen(act)
    person = await load_person(tx, screening.id, screening.born)
    standing = await load_standing(tx, participant, act.now)
    goes_on = Element.SAMPLE_USE not in standing.participation.stopped
    uses = await sample_uses_of(tx, screening.id)
    return ConsentsView(
        consents=sorted([*person.facts.consents, *person.superseded], key=lambda one: one.id),
        adult=standing.adult_consent(act.now),
        sample_uses={use: consented and goes_on for use, consented in uses.items()},
        tasks=consent_tasks(standing, act.now),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentTaskPage:
    items: Sequence[tuple[Standing, ConsentTask]]
    next_cursor: str | None


async def show_consent_tasks(tx: Tx, act: Act, trial: str, *, after: str, limit: int) -> ConsentTaskPage:
    """Tasks of the sites that the asking person sees, by participant."""
    view = await view_of(tx, act, trial)
    sites = None if view.sites is None else sorted(view.sites)
    items: list[tuple[Standing, ConsentTask]] = []
    for _ in range(STRETCHES):
        ids = await participants_after(tx, view.trial.id, sites, after)
        for standing in await load_standings(tx, view.trial.id, ids, act.now):
            tasks = consent_tasks(standing.consent, act.now)
            if items and len(items) + len(tasks) > limit:
                return ConsentTaskPage(items=items, next_cursor=after)
            items += [(standing, task) for task in tasks]
            after = standing.participant_id
        if len(ids) < STRETCH:
            return ConsentTaskPage(items=items, next_cursor=None)
        after = ids[-1]
    return ConsentTaskPage(items=items, next_cursor=after)
