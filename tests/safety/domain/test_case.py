"""A case through its versions and sendings: what the next file of it is, and what is refused."""

from dataclasses import replace
from datetime import date

import pytest

from services.safety.domain.case import (
    Case,
    CaseState,
    CaseVersion,
    ChangeKind,
    Sending,
    SendingState,
    changed,
    decide_change,
    decide_sending,
    kind_of_sending,
    one_participant,
)
from services.safety.domain.ids import CaseId
from services.safety.domain.refusals import Refused

FIRST = date(2026, 11, 17)
LATER = date(2026, 11, 20)
FRESH = Case(
    id=CaseId("case"),
    number="GB-NETWORK-EP01-0001",
    worldwide_number="GB-NETWORK-EP01-0001",
    first_received_on=FIRST,
    versions=(CaseVersion(number=1, kind=ChangeKind.FIRST, latest_information_on=FIRST),),
)


def sent(case: Case, state: SendingState = SendingState.SENT) -> Case:
    one = Sending(case_version=case.newest.number, state=state)
    return replace(case, sendings=(*case.sendings, one))


def after(case: Case, kind: ChangeKind, *, reason: str = "why") -> Case:
    return changed(case, decide_change(case, kind, received_on=LATER, reason=reason))


def refused(case: Case, kind: ChangeKind, **said: object) -> str:
    asked = {"received_on": LATER, "reason": "why"} | said
    with pytest.raises(Refused) as refusal:
        decide_change(case, kind, **asked)  # type: ignore[arg-type]
    return refusal.value.code


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        (FRESH, ChangeKind.FIRST),
        (sent(FRESH, SendingState.REJECTED), ChangeKind.FIRST),
        (after(sent(FRESH, SendingState.REJECTED), ChangeKind.AMENDMENT), ChangeKind.FIRST),
        (after(FRESH, ChangeKind.AMENDMENT), ChangeKind.FIRST),
        (after(sent(FRESH), ChangeKind.FOLLOW_UP), ChangeKind.FOLLOW_UP),
        (after(sent(FRESH), ChangeKind.AMENDMENT), ChangeKind.AMENDMENT),
        (after(after(sent(FRESH), ChangeKind.AMENDMENT), ChangeKind.FOLLOW_UP), ChangeKind.FOLLOW_UP),
        (after(after(sent(FRESH), ChangeKind.FOLLOW_UP), ChangeKind.AMENDMENT), ChangeKind.FOLLOW_UP),
        (
            after(sent(after(sent(FRESH), ChangeKind.FOLLOW_UP)), ChangeKind.AMENDMENT),
            ChangeKind.AMENDMENT,
        ),
        (
            sent(after(sent(FRESH), ChangeKind.AMENDMENT), SendingState.REJECTED),
            ChangeKind.AMENDMENT,
        ),
        (after(sent(FRESH), ChangeKind.NULLIFICATION), ChangeKind.NULLIFICATION),
    ],
)
def test_the_next_file_is_what_changed_since_what_stands_at_the_regulator(
    case: Case, kind: ChangeKind
) -> None:
    assert kind_of_sending(case) is kind


def test_only_a_follow_up_moves_the_newest_information() -> None:
    assert after(FRESH, ChangeKind.FOLLOW_UP).newest.latest_information_on == LATER
    assert after(sent(FRESH), ChangeKind.AMENDMENT).newest.latest_information_on == FIRST
    assert after(sent(FRESH), ChangeKind.NULLIFICATION).newest.latest_information_on == FIRST


def test_information_of_an_earlier_day_moves_nothing_back() -> None:
    newer = after(FRESH, ChangeKind.FOLLOW_UP)

    older = decide_change(newer, ChangeKind.FOLLOW_UP, received_on=FIRST, reason="")

    assert older.latest_information_on == LATER


def test_what_a_change_needs() -> None:
    assert refused(sent(FRESH), ChangeKind.AMENDMENT, reason=" ") == "reason_required"
    assert refused(sent(FRESH), ChangeKind.NULLIFICATION, reason="") == "reason_required"
    assert refused(FRESH, ChangeKind.NULLIFICATION) == "case_not_submitted"
    assert refused(sent(FRESH, SendingState.REJECTED), ChangeKind.NULLIFICATION) == "case_not_submitted"
    assert refused(FRESH, ChangeKind.FOLLOW_UP, received_on=date(2026, 11, 16)) == "impossible_date"
    nullified = after(sent(FRESH), ChangeKind.NULLIFICATION)
    assert nullified.state is CaseState.NULLIFIED
    for kind in (ChangeKind.FOLLOW_UP, ChangeKind.AMENDMENT, ChangeKind.NULLIFICATION):
        assert refused(nullified, kind) == "case_nullified"


@pytest.mark.parametrize("state", [SendingState.DRAFT, SendingState.VALIDATED, *(SendingState.SENT,)])
def test_a_version_goes_once_at_a_time(state: SendingState) -> None:
    with pytest.raises(Refused) as refusal:
        decide_sending(sent(FRESH, state))

    assert refusal.value.code == "nothing_to_send"


def test_a_rejected_version_may_go_again_and_waits() -> None:
    rejected = sent(FRESH, SendingState.REJECTED)

    decide_sending(rejected)

    assert (rejected.waits, rejected.state) == (True, CaseState.OPEN)


@pytest.mark.parametrize("participants", [[], [None], ["a", "b"], ["a", None]])
def test_a_case_is_about_one_known_participant(participants: list[str | None]) -> None:
    with pytest.raises(Refused) as refusal:
        one_participant(participants)

    assert refusal.value.code == "case_of_several_participants"
