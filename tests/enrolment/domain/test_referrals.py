"""The states of a referral, and texts that would say who a patient is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.enrolment.domain.referrals import (
    Outcome,
    Referral,
    ReferralState,
    ReplyWay,
    acknowledged,
    check_addressed,
    check_names_nobody,
    decided,
    replied,
)
from services.enrolment.domain.refusals import Refused

AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
RECEIVED = Referral(
    id="r",
    trial_id="t",
    site_number="012",
    from_site_number="034",
    organisation="Example Hospital",
    contact_reference="desk",
    age_years=7,
    birth_year=None,
    condition="neuroblastoma",
    part="",
    urgency="routine",
    state=ReferralState.RECEIVED,
    sent_at=AT,
    received_at=AT,
    received_by="nurse",
)


def refusal(act: Any, *arguments: Any) -> str:
    with pytest.raises(Refused) as refused:
        act(*arguments)
    return refused.value.code


@pytest.mark.parametrize(
    "text",
    ["9434765919", "943 476 5919", "tel 020-7946-0000", "born 01/02/2019", "x@example.org", "20190201"],
)
def test_a_text_that_may_identify_somebody_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(Refused) as refused:
        check_names_nobody("fine", text)

    assert refused.value.code == "identifier_in_text"
    assert text not in str(refused.value)


@pytest.mark.parametrize("text", ["Ward 12B", "desk-2", "Hospital 4, Site 3", "2019"])
def test_a_text_with_a_few_digits_names_nobody(text: str) -> None:
    check_names_nobody(text)


def test_to_decide_is_to_acknowledge_and_an_earlier_acknowledgement_stays() -> None:
    at_once = decided(RECEIVED, Outcome.NO_PLACE, None, "nurse", LATER)
    seen = decided(acknowledged(RECEIVED, "doctor", AT), Outcome.NO_PLACE, None, "nurse", LATER)

    assert (at_once.acknowledged_at, at_once.acknowledged_by) == (LATER, "nurse")
    assert (seen.acknowledged_at, seen.acknowledged_by) == (AT, "doctor")


@pytest.mark.parametrize("outcome", [it for it in Outcome if it is not Outcome.WAITING])
def test_only_one_that_waits_is_decided_anew(outcome: Outcome) -> None:
    waiting = decided(RECEIVED, Outcome.WAITING, None, "nurse", AT)
    closed = decided(waiting, outcome, None, "nurse", LATER)

    assert closed.outcome is outcome
    assert refusal(decided, closed, Outcome.WAITING, None, "nurse", LATER) == "referral_closed"


def test_each_outcome_is_replied_once() -> None:
    waiting = decided(RECEIVED, Outcome.WAITING, None, "nurse", AT)
    told = replied(waiting, AT, ReplyWay.LETTER, "nurse")

    assert refusal(replied, RECEIVED, AT, ReplyWay.LETTER, "nurse") == "referral_undecided"
    assert refusal(replied, told, AT, ReplyWay.LETTER, "nurse") == "referral_undecided"
    anew = decided(told, Outcome.ELSEWHERE, None, "nurse", LATER)
    assert replied(anew, LATER, ReplyWay.PORTAL, "nurse").state is ReferralState.REPLIED


@pytest.mark.parametrize(
    ("site", "sender", "part", "code"),
    [
        ("999", "", "", "site_unknown"),
        ("012", "999", "", "site_unknown"),
        ("012", "012", "", "site_unknown"),
        ("012", "034", "cohort", "part_unknown"),
    ],
)
def test_a_referral_goes_between_two_sites_of_the_trial(site: str, sender: str, part: str, code: str) -> None:
    check_addressed("012", "034", {"012", "034"}, "escalation", {"escalation"})
    check_addressed("012", "", {"012", "034"}, "", {"escalation"})
    assert refusal(check_addressed, site, sender, {"012", "034"}, part, {"escalation"}) == code
