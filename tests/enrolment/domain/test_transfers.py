"""Which participants may move to which sites, and how a proposal is answered."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.enrolment.domain.board import SitePlace
from services.enrolment.domain.ids import SiteId
from services.enrolment.domain.recruitment import SiteStatus
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.transfers import (
    Transfer,
    TransferState,
    answered,
    check_receiving,
    check_transferable,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)


def site(status: SiteStatus = SiteStatus.GREEN_LIGHT) -> SitePlace:
    return SitePlace(
        number=SiteId("034"), status=status, zone="Europe/London", country="GB", green_lit=frozenset({"1.0"})
    )


def refusal(act: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(Refused) as refused:
        act(*arguments, **named)
    return refused.value.code


def test_a_registration_that_stands_moves_to_another_site() -> None:
    check_transferable(voided=False, from_site="012", to_site="034")
    assert refusal(check_transferable, voided=True, from_site="012", to_site="034") == "registration_voided"
    assert (
        refusal(check_transferable, voided=False, from_site="012", to_site="012") == "transfer_not_possible"
    )


@pytest.mark.parametrize("status", [it for it in SiteStatus if it is not SiteStatus.GREEN_LIGHT])
def test_only_a_site_with_a_green_light_receives(status: SiteStatus) -> None:
    check_receiving(site(), {"escalation"}, "escalation")
    assert refusal(check_receiving, site(status), {"escalation"}, "escalation") == "site_not_activated"


def test_the_site_must_have_the_participants_part() -> None:
    assert refusal(check_receiving, site(), {"expansion"}, "escalation") == "site_not_activated"
    assert refusal(check_receiving, site(), (), "escalation") == "site_not_activated"
    assert refusal(check_receiving, None, {"escalation"}, "escalation") == "site_unknown"


def test_a_proposal_is_answered_once() -> None:
    proposed = Transfer(
        id="t",
        trial_id="trial",
        participant_id="p",
        from_site_number="012",
        to_site_number="034",
        state=TransferState.PROPOSED,
        reason_code="moved",
        proposed_at=AT,
        proposed_by="manager",
    )

    accepted = answered(proposed, TransferState.ACCEPTED, "investigator", AT)

    assert (accepted.state, accepted.answered_by) == (TransferState.ACCEPTED, "investigator")
    for state in (TransferState.DECLINED, TransferState.WITHDRAWN, TransferState.ACCEPTED):
        assert refusal(answered, accepted, state, "somebody", AT) == "transfer_not_open"
