"""DLTs by judgement: signed by an investigator, confirmed or refused by the committee."""

import pytest

from services.safety.domain.dlt import Provisional, Verdict, WindowState, evaluate_dlt
from services.safety.domain.dlt_definition import DltDefinition, JudgementCriterion
from services.safety.domain.dlt_judgement import CommitteeView, SignedJudgement
from services.safety.domain.dlt_timeline import as_day_begins
from tests.safety.domain.judging import ALL_DOSES, Define

BY_JUDGEMENT = [{"id": "by-judgement", "kind": "judgement", "text": "judged dose-limiting"}]


@pytest.fixture
def judged_by_people(definition_with: Define) -> DltDefinition:
    return definition_with(criteria=BY_JUDGEMENT)


def _signed(
    committee: CommitteeView, day: int | None = 5, criterion: str = "by-judgement"
) -> SignedJudgement:
    return SignedJudgement(id="j", criterion=criterion, day=day, committee=committee)


def _verdict(
    definition: DltDefinition, *judgements: SignedJudgement, as_of: int = 29
) -> tuple[Verdict, Provisional]:
    finding = evaluate_dlt(
        definition,
        WindowState.STARTED,
        (),
        ALL_DOSES,
        None,
        as_day_begins(as_of),
        judgements=judgements,
    )
    return finding.verdict, finding.provisional


def test_a_criterion_by_judgement_is_read_with_its_wording_for_people(
    judged_by_people: DltDefinition,
) -> None:
    assert judged_by_people.criteria == (JudgementCriterion(id="by-judgement"),)
    assert judged_by_people.judgement_ids() == {"by-judgement"}


@pytest.mark.parametrize(
    ("committee", "verdict", "provisional"),
    [
        (CommitteeView.AWAITED, Verdict.PENDING, Provisional.DLT),
        (CommitteeView.CONFIRMED, Verdict.DLT, Provisional.NONE),
        (CommitteeView.REFUSED, Verdict.NO_DLT, Provisional.NONE),
    ],
)
def test_the_committee_makes_a_signed_judgement_a_dlt_or_none(
    judged_by_people: DltDefinition, committee: CommitteeView, verdict: Verdict, provisional: Provisional
) -> None:
    assert _verdict(judged_by_people, _signed(committee)) == (verdict, provisional)


def test_without_a_judgement_the_criterion_is_not_met(judged_by_people: DltDefinition) -> None:
    assert _verdict(judged_by_people) == (Verdict.NO_DLT, Provisional.NONE)


@pytest.mark.parametrize("day", [0, 29])
def test_a_toxicity_outside_the_window_is_no_dlt(judged_by_people: DltDefinition, day: int) -> None:
    assert _verdict(judged_by_people, _signed(CommitteeView.CONFIRMED, day), as_of=40) == (
        Verdict.NO_DLT,
        Provisional.NONE,
    )


def test_a_judgement_without_a_day_counts_in_the_window(judged_by_people: DltDefinition) -> None:
    assert _verdict(judged_by_people, _signed(CommitteeView.CONFIRMED, None))[0] is Verdict.DLT


def test_a_judgement_dated_later_is_not_known_yet(judged_by_people: DltDefinition) -> None:
    assert _verdict(judged_by_people, _signed(CommitteeView.CONFIRMED, 5), as_of=5)[0] is Verdict.PENDING


def test_a_judgement_on_another_criterion_counts_for_that_one_only(judged_by_people: DltDefinition) -> None:
    assert _verdict(judged_by_people, _signed(CommitteeView.CONFIRMED, criterion="else"))[0] is Verdict.NO_DLT


def test_one_confirmed_judgement_stands_whatever_others_await(judged_by_people: DltDefinition) -> None:
    several = (
        _signed(CommitteeView.REFUSED),
        _signed(CommitteeView.AWAITED),
        _signed(CommitteeView.CONFIRMED),
    )

    assert _verdict(judged_by_people, *several)[0] is Verdict.DLT
