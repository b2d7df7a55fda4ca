"""Taking part again after everything had stopped: the same participant, a new consent, a new episode.

Whoever joins again is counted once, has no new place and no new window: trial treatment does not begin again.
"""

from collections.abc import Collection
from datetime import datetime

from services.enrolment.domain.participation import Element, Participation
from services.enrolment.domain.refusals import Refused


def decide_episode(participation: Participation, wanted: Collection[Element]) -> Participation:
    """The vector with which the new episode begins.

    Args:
        participation: as it stands; everything must have stopped.
        wanted: what the participant takes up again.

    Raises:
        Refused: `episode_running` while something still goes on; `treatment_stopped` when treatment is wanted.
    """
    if participation.stopped != frozenset(Element):
        raise Refused("episode_running", "Something still goes on; change the participation instead.")
    if Element.TREATMENT in wanted:
        raise Refused(
            "treatment_stopped", "A new episode is follow-up; trial treatment does not begin again."
        )
    return Participation(stopped=frozenset(Element) - frozenset(wanted))


def check_new_consent(signed_at: datetime | None, stopped_at: datetime) -> None:
    """Accepts a consent that was signed after everything had stopped.

    Raises:
        Refused: `consent_missing`.
    """
    if signed_at is None or signed_at <= stopped_at:
        raise Refused("consent_missing", "No consent was signed since everything stopped.")
