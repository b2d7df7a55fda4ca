"""A patient is referred to a site: by another site of the trial, or from outside and entered by the site."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.enrolment.commands.permission import Allowed, allow, principal_of, unknown
from services.enrolment.domain.referrals import Referral, ReferralState, check_addressed, check_names_nobody
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.domain.screening import check_claimed
from services.enrolment.events.people_events import ReferralReceivedV1
from services.enrolment.store.boards import load_board
from services.enrolment.store.referrals import insert_referral
from services.enrolment.store.trials import find_trial, versions_of
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put

Urgency = Literal["routine", "soon", "urgent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveReferral:
    """`from_site_number` and `part` are empty where there is none; of the two ages exactly one is given."""

    trial: str
    site_number: str
    from_site_number: str
    organisation: str
    contact_reference: str
    age_years: int | None
    birth_year: int | None
    condition: str
    part: str
    urgency: Urgency
    sent_at: datetime


async def receive_referral(tx: Tx, command: ReceiveReferral, act: Act) -> Referral:
    """A new referral, for the receiving site and the site that sends it.

    Raises:
        Refused: `site_unknown`, `part_unknown`, `time_in_future`, `identifier_in_text`.
    """
    allowed = await _allowed(tx, command, act)
    check_names_nobody(command.organisation, command.contact_reference, command.condition)
    check_claimed(command.sent_at, act.now)
    await _check_known(tx, allowed, command, act)
    referral = Referral(
        id=act.new_id(),
        trial_id=allowed.trial.id,
        site_number=command.site_number,
        from_site_number=command.from_site_number,
        organisation=command.organisation,
        contact_reference=command.contact_reference,
        age_years=command.age_years,
        birth_year=command.birth_year,
        condition=command.condition,
        part=command.part,
        urgency=command.urgency,
        state=ReferralState.RECEIVED,
        sent_at=command.sent_at,
        received_at=act.now,
        received_by=act.actor,
    )
    await insert_referral(tx, referral)
    body = ReferralReceivedV1(
        trial_id=referral.trial_id,
        referral_id=referral.id,
        site_number=referral.site_number,
        part=referral.part or None,
        urgency=command.urgency,
        received_at=referral.received_at,
    )
    await put(tx, allowed.act, NewEvent(aggregate_id=referral.id, scope=referral.trial_id, body=body))
    return referral


async def _allowed(tx: Tx, command: ReceiveReferral, act: Act) -> Allowed:
    """Staff of the sending site, where there is one, or of the receiving one."""
    trial = await find_trial(tx, command.trial)
    if trial is None:
        raise unknown(act, SITE_STAFF)
    sender = command.from_site_number
    sends = bool(sender) and principal_of(act).allows(SITE_STAFF, trial.code, sender)
    return await allow(tx, act, SITE_STAFF, trial.id, sender if sends else command.site_number)


async def _check_known(tx: Tx, allowed: Allowed, command: ReceiveReferral, act: Act) -> None:
    board = await load_board(tx, allowed.trial.id, act.now)
    versions = await versions_of(tx, allowed.trial.id)
    parts = {part for version in versions for part in version.terms.parts}
    check_addressed(command.site_number, command.from_site_number, board.sites.keys(), command.part, parts)
