"""A participant with the follow-up that the protocol owes, for somebody who may act there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from services.enrolment.commands.at_participant import participant_locked
from services.enrolment.domain.age import local_date
from services.enrolment.domain.followed import AfterwardsTerms, Followed, terms_in_force
from services.enrolment.domain.screening import check_dosable
from services.enrolment.store.afterwards_terms import afterwards_terms
from services.enrolment.store.followed import load_followed
from services.enrolment.store.participants import Participant
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, Published


@dataclass(frozen=True, slots=True, kw_only=True)
class AtFollowed:
    """The act in the role that allows it, the participant, and the protocol's versions, oldest first."""

    act: Act
    participant: Participant
    followed: Followed
    versions: Sequence[AfterwardsTerms]

    @property
    def zone(self) -> ZoneInfo:
        return self.followed.zone

    @property
    def today(self) -> date:
        return local_date(self.act.now, self.zone)

    @property
    def terms(self) -> AfterwardsTerms | None:
        return terms_in_force(self.versions, self.act.now)

    def event(self, body: Published) -> NewEvent:
        return NewEvent(aggregate_id=self.participant.id, scope=self.participant.trial_id, body=body)


async def followed_participant(tx: Tx, act: Act, roles: Sequence[str], participant_id: str) -> AtFollowed:
    """The participant, locked, whose registration stands.

    Raises:
        Problem: `forbidden`, or `not_found` for another site's participant as for none.
        Refused: `registration_voided`.
    """
    allowed, participant = await participant_locked(tx, act, roles, participant_id)
    check_dosable(voided=participant.voided_at is not None)
    return await with_follow_up(tx, allowed.act, participant)


async def with_follow_up(tx: Tx, act: Act, participant: Participant) -> AtFollowed:
    """As `followed_participant`, for one who is locked already."""
    return AtFollowed(
        act=act,
        participant=participant,
        followed=await load_followed(tx, participant.trial_id, participant.id),
        versions=await afterwards_terms(tx, participant.trial_id),
    )
