"""What follow-up owes: one participant's schedule, and the list of what a site has to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.enrolment.domain.age import local_date
from services.enrolment.domain.follow_up_states import EntryNow, to_do
from services.enrolment.domain.followed import (
    Followed,
    FollowUpNow,
    follow_up_now,
    state_now,
    terms_in_force,
)
from services.enrolment.domain.participant_state import Evaluability, ParticipantState
from services.enrolment.domain.participation import Element
from services.enrolment.queries.visibility import unseen, view_of, view_site
from services.enrolment.store.afterwards import attempt_rows, episode_rows, loss_rows
from services.enrolment.store.afterwards_terms import afterwards_terms
from services.enrolment.store.followed import STRETCH, load_followed, load_stretch, participants_after
from services.enrolment.store.participants import Participant, find_participant
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingView:
    """Where a participant stands: one word, and the facts beside it.

    `collected_data` is `locked` when what was collected is kept but no longer worked on.
    """

    state: ParticipantState
    evaluability: Evaluability
    episode: int
    died_on: date | None
    lost_since: datetime | None
    mailings_refused: bool
    collected_data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpView:
    participant_id: str
    participant_number: str
    responsible: str
    standing: StandingView
    plan: FollowUpNow
    attempts: Sequence[dict[str, Any]]
    losses: Sequence[dict[str, Any]]
    episodes: Sequence[dict[str, Any]]


async def participant_seen(tx: Tx, act: Act, participant_id: str) -> Participant:
    """The participant, for somebody who may read it; another site's is answered like none."""
    participant = await find_participant(tx, participant_id)
    trial_id, site = (participant.trial_id, participant.site_number) if participant else (None, "")
    await view_site(tx, act, trial_id, site)
    if participant is None:
        raise unseen(act)
    return participant


async def standing_of_participant(tx: Tx, act: Act, participant: Participant) -> StandingView:
    followed = await load_followed(tx, participant.trial_id, participant.id)
    versions = await afterwards_terms(tx, participant.trial_id)
    plan = follow_up_now(followed, versions, act.now)
    return _standing(followed, state_now(followed, terms_in_force(versions, act.now), plan), participant)


def _standing(followed: Followed, state: ParticipantState, participant: Participant) -> StandingView:
    return StandingView(
        state=state,
        evaluability=followed.evaluability,
        episode=followed.episode,
        died_on=followed.death.died_on if followed.death else None,
        lost_since=followed.loss.lost_at if followed.loss else None,
        mailings_refused=followed.opted_out,
        collected_data="locked" if Element.DATA_ALREADY_COLLECTED in participant.stopped else "in_use",
    )


async def show_follow_up(tx: Tx, act: Act, participant_id: str) -> FollowUpView:
    """Every entry of one participant's schedule as it stands today, and what was tried."""
    participant = await participant_seen(tx, act, participant_id)
    followed = await load_followed(tx, participant.trial_id, participant.id)
    versions = await afterwards_terms(tx, participant.trial_id)
    plan = follow_up_now(followed, versions, act.now)
    state = state_now(followed, terms_in_force(versions, act.now), plan)
    return FollowUpView(
        participant_id=participant.id,
        participant_number=participant.number,
        responsible=_responsible(followed),
        standing=_standing(followed, state, participant),
        plan=plan,
        attempts=await attempt_rows(tx, participant.id),
        losses=await loss_rows(tx, participant.id),
        episodes=await episode_rows(tx, participant.id),
    )


def _responsible(followed: Followed) -> str:
    """Who sees to the follow-up; when the site has closed, the trial office."""
    return "trial_office" if followed.site_closed else "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """One entry that somebody has to see to."""

    participant_id: str
    participant_number: str
    site_number: str
    responsible: str
    lost: bool
    now: EntryNow


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistView:
    items: Sequence[TaskView]
    next_cursor: str | None


async def show_worklist(
    tx: Tx, act: Act, trial: str, *, until: date | None, after: str, limit: int
) -> WorklistView:
    """What is due, overdue, or opens by a date, of the sites that the asking person sees.

    Args:
        tx: the transaction.
        act: of a person.
        trial: code or id.
        until: local date; today when left out.
        after: the participant after whom the page begins.
        limit: entries; a page ends with the participant who reaches it, or after 200 participants.
    """
    view = await view_of(tx, act, trial)
    sites = None if view.sites is None else sorted(view.sites)
    versions = await afterwards_terms(tx, view.trial.id)
    ids = await participants_after(tx, view.trial.id, sites, after)
    items: list[TaskView] = []
    for followed in await load_stretch(tx, view.trial.id, sites, ids):
        by = until or local_date(act.now, followed.zone)
        items += _tasks(followed, to_do(follow_up_now(followed, versions, act.now).entries, by))
        if len(items) >= limit:
            more = followed.participant_id != ids[-1] or len(ids) == STRETCH
            return WorklistView(items=items, next_cursor=followed.participant_id if more else None)
    return WorklistView(items=items, next_cursor=ids[-1] if len(ids) == STRETCH else None)


def _tasks(followed: Followed, entries: Sequence[EntryNow]) -> list[TaskView]:
    return [
        TaskView(
            participant_id=followed.participant_id,
            participant_number=followed.number,
            site_number=followed.site_number,
            responsible=_responsible(followed),
            lost=followed.loss is not None,
            now=one,
        )
        for one in entries
    ]
