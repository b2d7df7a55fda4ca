"""A coordinator proposes that another site take over a participant."""

from dataclasses import dataclass

from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.domain.ids import SiteId
from services.enrolment.domain.protocol_terms import NoTerms, rules_in_use
from services.enrolment.domain.roles import COORDINATING
from services.enrolment.domain.transfers import (
    Transfer,
    TransferState,
    check_none_waits,
    check_receiving,
    check_transferable,
)
from services.enrolment.store.boards import load_board
from services.enrolment.store.participants import Participant
from services.enrolment.store.transfers import insert_transfer, transfer_waits
from services.enrolment.store.trials import versions_of
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeTransfer:
    participant_id: str
    to_site_number: str
    reason_code: str


async def propose_transfer(tx: Tx, command: ProposeTransfer, act: Act) -> Transfer:
    """A proposal that waits for the receiving site's investigator.

    Raises:
        Refused: see `transfer_proposed`.
    """
    allowed, participant = await participant_under_gate(tx, act, COORDINATING, command.participant_id)
    return await transfer_proposed(tx, allowed.act, participant, command.to_site_number, command.reason_code)


async def transfer_proposed(
    tx: Tx, act: Act, participant: Participant, to_site: str, reason_code: str
) -> Transfer:
    """The proposal, for a participant that the caller has locked under the trial's gate.

    Raises:
        Refused: `registration_voided`, `transfer_not_possible`, `site_unknown`, `site_not_activated`,
            `transfer_proposed_already`.
    """
    await check_transfer(tx, act, participant, to_site)
    check_none_waits(waits=await transfer_waits(tx, participant.id))
    transfer = Transfer(
        id=act.new_id(),
        trial_id=participant.trial_id,
        participant_id=participant.id,
        from_site_number=participant.site_number,
        to_site_number=to_site,
        state=TransferState.PROPOSED,
        reason_code=reason_code,
        proposed_at=act.now,
        proposed_by=act.actor,
    )
    await insert_transfer(tx, transfer)
    details = {"transfer_id": transfer.id, "from": participant.site_number, "to": to_site}
    await record_audit(tx, act, participant.id, "transfer.proposed", details)
    return transfer


async def check_transfer(tx: Tx, act: Act, participant: Participant, to_site: str) -> str:
    """The receiving site's time zone.

    Raises:
        Refused: `registration_voided`, `transfer_not_possible`, `site_unknown`, `site_not_activated`.
    """
    voided = participant.voided_at is not None
    check_transferable(voided=voided, from_site=participant.site_number, to_site=to_site)
    board = await load_board(tx, participant.trial_id, act.now)
    site = board.sites.get(SiteId(to_site))
    green_lit = site.green_lit if site else frozenset()
    rules = rules_in_use(await versions_of(tx, participant.trial_id), green_lit, act.now)
    check_receiving(site, () if isinstance(rules, NoTerms) else rules.terms.parts.keys(), participant.part)
    return "UTC" if site is None else site.zone
