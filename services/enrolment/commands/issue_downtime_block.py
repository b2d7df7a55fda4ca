"""Give a site participant numbers in advance, for use while the service cannot be reached."""

from dataclasses import dataclass

from services.enrolment.commands.permission import allow
from services.enrolment.domain.downtime import LARGEST_BLOCK
from services.enrolment.domain.ids import ParticipantNumber
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.roles import PREPARING_DOWNTIME
from services.enrolment.store.downtime import (
    DowntimeBlock,
    NumberInBlock,
    insert_block,
    next_participant_sequences,
)
from services.enrolment.store.finder import site_of_trial
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueDowntimeBlock:
    """`count` numbers, 1 to 50."""

    trial: str
    site_number: str
    count: int


async def issue_downtime_block(tx: Tx, command: IssueDowntimeBlock, act: Act) -> DowntimeBlock:
    """Numbers that nobody else will ever be given. Each is an identity; none is a place.

    Raises:
        Refused: `site_unknown`.
    """
    if not 1 <= command.count <= LARGEST_BLOCK:
        raise ValueError(f"a block has 1 to {LARGEST_BLOCK} numbers")
    allowed = await allow(tx, act, PREPARING_DOWNTIME, command.trial, command.site_number)
    trial, site = allowed.trial, command.site_number
    if not await site_of_trial(tx, trial.id, site):
        raise Refused("site_unknown", "The trial has no site of this number.")
    numbers = [
        str(ParticipantNumber(trial_code=trial.code, site=site, sequence=sequence))
        for sequence in await next_participant_sequences(tx, trial.id, site, command.count)
    ]
    block = DowntimeBlock(
        id=act.new_id(),
        trial_id=trial.id,
        site_number=site,
        issued_by=act.actor,
        issued_at=act.now,
        numbers=[NumberInBlock(number=number) for number in numbers],
    )
    await insert_block(tx, block)
    details = {"site_number": site, "numbers": numbers}
    await record_audit(tx, allowed.act, block.id, "downtime-block.issued", details)
    return block
