"""Record a sample; what it may be used for is what the participant consents to."""

from dataclasses import dataclass
from datetime import datetime

from services.enrolment.commands.followed_participant import followed_participant
from services.enrolment.domain.participation import Element
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.domain.samples import check_use_goes_on
from services.enrolment.domain.screening import check_claimed
from services.enrolment.store.afterwards import add_sample
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectSample:
    """`material` is a word like `bone_marrow`, `label` the laboratory's own number."""

    participant_id: str
    material: str
    label: str
    collected_at: datetime


async def collect_sample(tx: Tx, command: CollectSample, act: Act) -> str:
    """The id of the sample.

    Raises:
        Refused: `sample_use_stopped`, `time_in_future`, `registration_voided`.
    """
    at = await followed_participant(tx, act, SITE_STAFF, command.participant_id)
    check_claimed(command.collected_at, act.now)
    check_use_goes_on(stopped=Element.SAMPLE_USE in at.participant.stopped)
    sample_id = act.new_id()
    row = {
        "id": sample_id,
        "participant_id": at.participant.id,
        "material": command.material,
        "label": command.label,
        "collected_at": command.collected_at,
        "recorded_by": act.actor,
        "recorded_at": act.now,
    }
    details = {"sample_id": sample_id, "material": command.material}
    await record_audit(tx, at.act, at.participant.id, "sample.collected", details, add_sample.write(tx, row))
    return sample_id
