"""A participant's way to another site: proposed by a coordinator, accepted by the receiving investigator.

Responsibility moves; the trial number and the allocation stay. Consent belongs to the site as well, so that the
receiving site asks again before it does anything for the trial.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.enrolment.domain.board import SitePlace
from services.enrolment.domain.recruitment import SiteStatus
from services.enrolment.domain.refusals import Refused


class TransferState(StrEnum):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One proposal; `answered_at` and `answered_by` are None while it waits."""

    id: str
    trial_id: str
    participant_id: str
    from_site_number: str
    to_site_number: str
    state: TransferState
    reason_code: str
    proposed_at: datetime
    proposed_by: str
    answered_at: datetime | None = None
    answered_by: str | None = None


def check_transferable(*, voided: bool, from_site: str, to_site: str) -> None:
    """Accepts the transfer of a registration that stands, to another site.

    Raises:
        Refused: `registration_voided`, `transfer_not_possible`.
    """
    if voided:
        raise Refused("registration_voided", "The registration was voided.")
    if from_site == to_site:
        raise Refused("transfer_not_possible", "The participant belongs to this site.")


def check_receiving(site: SitePlace | None, parts: Collection[str], part: str) -> None:
    """Accepts a site that is open for the participant's part; its recruitment cap does not stand in the way.

    Args:
        site: as the trial has it; None when it has none of this number.
        parts: of the protocol version in use at the site; none without a version in use.
        part: the participant's.

    Raises:
        Refused: `site_unknown`, `site_not_activated`.
    """
    if site is None:
        raise Refused("site_unknown", "The trial has no site of this number.")
    if site.status is not SiteStatus.GREEN_LIGHT or part not in parts:
        raise Refused("site_not_activated", "No version that the site is green-lit for has this part.")


def check_none_waits(*, waits: bool) -> None:
    """Accepts a proposal while none waits for its answer.

    Raises:
        Refused: `transfer_proposed_already`.
    """
    if waits:
        raise Refused("transfer_proposed_already", "It has to be answered or withdrawn first.")


def answered(transfer: Transfer, state: TransferState, by: str, now: datetime) -> Transfer:
    """The transfer with its answer.

    Raises:
        Refused: `transfer_not_open`.
    """
    if transfer.state is not TransferState.PROPOSED:
        raise Refused("transfer_not_open", f"The transfer is {transfer.state.value}.")
    return replace(transfer, state=state, answered_at=now, answered_by=by)
