"""Take part again after everything had stopped: the same participant, a new consent, a new episode."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.enrolment.commands.followed_participant import AtFollowed, followed_participant
from services.enrolment.domain.death import check_alive
from services.enrolment.domain.episodes import check_new_consent, decide_episode
from services.enrolment.domain.participation import Course, Element, Participation
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.domain.screening import check_claimed
from services.enrolment.events.afterwards_events import EpisodeStartedV1
from services.enrolment.events.participant_events import ParticipationChangedV1
from services.enrolment.store.afterwards import add_episode, consent_signed_at, last_change_at
from services.enrolment.store.consent_watches import look_again
from services.enrolment.store.participants import insert_course_change, save_course
from shared.act import Act
from shared.database import Tx
from shared.outbox import put_all
from shared.tables import canonical_json


@dataclass(frozen=True, slots=True, kw_only=True)
class StartEpisode:
    """`elements` are what the participant takes up again; `consent_id` was signed since everything stopped."""

    participant_id: str
    consent_id: str
    elements: Sequence[Element]
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeStarted:
    number: int
    elements: Mapping[Element, Course]


async def start_episode(tx: Tx, command: StartEpisode, act: Act) -> EpisodeStarted:
    """The new episode's number; accrual does not change, nor does any place, level or window.

    Raises:
        Refused: `episode_running`, `consent_missing`, `treatment_stopped`, `participant_died`,
            `time_in_future`, `registration_voided`.
    """
    at = await followed_participant(tx, act, SITE_STAFF, command.participant_id)
    check_claimed(command.started_at, act.now)
    check_alive(at.followed.death)
    before = Participation(stopped=frozenset(Element(name) for name in at.participant.stopped))
    after = decide_episode(before, command.elements)
    signed_at = await consent_signed_at(tx, at.participant.screening_id, command.consent_id)
    check_new_consent(signed_at, await last_change_at(tx, at.participant.id))
    started = EpisodeStarted(
        number=at.followed.episode + 1,
        elements={
            element: Course.STOPPED if element in after.stopped else Course.CONTINUES for element in Element
        },
    )
    await _keep(tx, at, command, started)
    return started


async def _keep(tx: Tx, at: AtFollowed, command: StartEpisode, started: EpisodeStarted) -> None:
    stopped = sorted(element for element, course in started.elements.items() if course is Course.STOPPED)
    await save_course(tx, at.participant.id, canonical_json(stopped))
    await insert_course_change(
        tx,
        {
            "id": at.act.new_id(),
            "participant_id": at.participant.id,
            "elements": {element.value: course.value for element, course in started.elements.items()},
            "changed_by": "participant_or_parent",
            "changed_at": command.started_at,
        },
    )
    row = {
        "id": at.act.new_id(),
        "participant_id": at.participant.id,
        "number": started.number,
        "consent_id": command.consent_id,
        "elements": sorted(set(started.elements) - set(stopped)),
        "started_at": command.started_at,
        "recorded_by": at.act.actor,
    }
    await add_episode(tx, [row])
    await look_again(tx, at.participant.id, at.act.now)
    await put_all(
        tx, at.act, [at.event(_episode(at, command, started)), at.event(_course(at, command, started))]
    )


def _episode(at: AtFollowed, command: StartEpisode, started: EpisodeStarted) -> EpisodeStartedV1:
    return EpisodeStartedV1(
        trial_id=at.participant.trial_id,
        participant_id=at.participant.id,
        episode=started.number,
        started_at=command.started_at,
    )


def _course(at: AtFollowed, command: StartEpisode, started: EpisodeStarted) -> ParticipationChangedV1:
    elements: dict[str, Literal["continues", "stopped"]] = {
        element.value: "stopped" if course is Course.STOPPED else "continues"
        for element, course in started.elements.items()
    }
    return ParticipationChangedV1(
        trial_id=at.participant.trial_id,
        participant_id=at.participant.id,
        elements=elements,
        by="participant_or_parent",
        changed_at=command.started_at,
    )
