from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.enrolment.domain.criteria import Answer
from services.enrolment.domain.eligibility import (
    Eligibility,
    Judgement,
    JudgementStatement,
    evaluate_eligibility,
    judgement_given,
)
from services.enrolment.domain.ids import PersonId
from services.enrolment.domain.signature import Signature

LONDON = ZoneInfo("Europe/London")
SIGNED_AT = datetime(2026, 6, 1, 22, 30, tzinfo=UTC)  # 23:30 on 1 June in London
SIGNED = Signature(signed_by=PersonId("p1"), signed_at=SIGNED_AT, delegated=True)
CRITERIA = frozenset({"inc-1", "exc-1"})
COMPLETE = Eligibility(version="2", answers=dict.fromkeys(CRITERIA, Answer.MET), signature=SIGNED)


def code(eligibility: Eligibility | None, now: datetime = SIGNED_AT, valid_days: int = 7) -> str:
    return evaluate_eligibility(eligibility, "2", CRITERIA, valid_days, now, LONDON).code


def test_complete_signed_and_recent_holds() -> None:
    assert code(COMPLETE) == ""


@pytest.mark.parametrize(
    "eligibility",
    [
        None,
        replace(COMPLETE, version="1"),
        replace(COMPLETE, answers={"inc-1": Answer.MET}),
        replace(COMPLETE, answers={"inc-1": Answer.MET, "exc-1": Answer.NOT_MET}),
        replace(COMPLETE, answers={"inc-1": Answer.MET, "exc-1": Answer.UNKNOWN}),
    ],
)
def test_anything_open_or_not_met_is_incomplete(eligibility: Eligibility | None) -> None:
    assert code(eligibility) == "eligibility_incomplete"


def test_a_version_without_criteria_lets_nobody_in() -> None:
    assert (
        evaluate_eligibility(COMPLETE, "2", frozenset(), 7, SIGNED_AT, LONDON).code
        == "eligibility_incomplete"
    )


@pytest.mark.parametrize("signature", [None, replace(SIGNED, delegated=False)])
def test_it_is_signed_by_somebody_who_may(signature: Signature | None) -> None:
    assert code(replace(COMPLETE, signature=signature)) == "eligibility_unsigned"


def test_validity_ends_with_the_local_day_not_with_the_hour_of_signature() -> None:
    last_minute = datetime(2026, 6, 8, 22, 59, tzinfo=UTC)  # 23:59 on 8 June in London

    assert code(COMPLETE, last_minute) == ""
    assert code(COMPLETE, last_minute + timedelta(minutes=1)) == "eligibility_expired"


def test_the_judgement_is_the_investigators_own_and_positive() -> None:
    statement = JudgementStatement(judgement=Judgement.IN_INTERESTS, by_investigator=True, signature=SIGNED)

    assert judgement_given(statement)
    assert not judgement_given(None)
    assert not judgement_given(replace(statement, by_investigator=False))
    assert not judgement_given(replace(statement, judgement=Judgement.NOT_IN_INTERESTS))
    assert not judgement_given(replace(statement, signature=replace(SIGNED, delegated=False)))
