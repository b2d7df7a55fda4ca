from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.sponsor.domain.escalation.result import Recommendation, RecommendationKind
from services.sponsor.domain.escalation.rolling_six import PartHistory, recommend
from services.sponsor.domain.escalation.table import DecisionTable
from services.sponsor.domain.ids import PartLevel, TrialId
from services.sponsor.domain.late_data import (
    LateDataFinding,
    LateReason,
    evaluate_late_data,
    finding_payload,
    require_current,
)
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.snapshot import Snapshot
from services.sponsor.domain.standing import Standing, Verdict, count_levels

CUT = datetime(2026, 3, 29, 12, tzinfo=UTC)
Build = Callable[..., Standing]
Judge = Callable[[Sequence[Standing], Sequence[Standing]], LateDataFinding]


@pytest.fixture
def judge(rolling_six: DecisionTable) -> Judge:
    """Late data of a decision taken at level 1 on `before`, with `now` known."""

    def design(standings: Sequence[Standing]) -> Recommendation:
        return recommend(rolling_six, dict(count_levels(standings, "a")), PartHistory(opened=(1,)), 3)

    def evaluate(before: Sequence[Standing], now: Sequence[Standing]) -> LateDataFinding:
        snapshot = Snapshot(
            trial_id=TrialId("t1"),
            protocol_version="4.0",
            part="a",
            rule=rolling_six.source,
            cut_at=CUT,
            standings=tuple(before),
            sources=(),
            recommendation=design(before),
            software_version="0.1.0",
        )
        return evaluate_late_data(snapshot, now, design)

    return evaluate


def test_unchanged_data_leave_the_decision_alone(judge: Judge, standing: Build) -> None:
    before = [standing(1), standing(2), standing(3)]

    finding = judge(before, before)

    assert not finding.superseded
    assert finding.old == finding.new


def test_a_dlt_found_late_supersedes_and_shows_both_recommendations(judge: Judge, standing: Build) -> None:
    before = [standing(1), standing(2), standing(3)]
    now = [standing(1), standing(2), standing(3, Verdict.DLT, verdict_version=2)]

    finding = judge(before, now)

    assert [change.reason for change in finding.changes] == [LateReason.LATE_DLT]
    assert finding.old.kind is RecommendationKind.ESCALATE
    assert (finding.new.kind, finding.new.level) == (RecommendationKind.STAY, 1)


@pytest.mark.parametrize(
    ("was", "became", "reason"),
    [
        (Verdict.NO_DLT, Verdict.NOT_EVALUABLE, LateReason.REVISED),
        (Verdict.NO_DLT, Verdict.PENDING, LateReason.REVISED),
        (Verdict.DLT, Verdict.NO_DLT, LateReason.REVISED),
        (Verdict.NOT_EVALUABLE, Verdict.DLT, LateReason.LATE_DLT),
        (Verdict.NOT_EVALUABLE, Verdict.NO_DLT, LateReason.REVISED),
    ],
)
def test_every_revised_answer_supersedes_even_when_the_recommendation_stays(
    was: Verdict, became: Verdict, reason: LateReason, judge: Judge, standing: Build
) -> None:
    finding = judge([standing(1, was), standing(2)], [standing(1, became), standing(2)])

    assert [change.reason for change in finding.changes] == [reason]


def test_another_level_received_supersedes(judge: Judge, standing: Build) -> None:
    moved = standing(1, place=PartLevel(part="a", level=2))

    finding = judge([standing(1)], [moved])

    assert [change.reason for change in finding.changes] == [LateReason.REVISED]


def test_a_removed_participant_supersedes(judge: Judge, standing: Build) -> None:
    finding = judge([standing(1), standing(2), standing(3)], [standing(1), standing(2)])

    assert [(c.reason, c.after) for c in finding.changes] == [(LateReason.REVISED, None)]
    assert finding.new.cell.counts.n == 2


@pytest.mark.parametrize("answer", [Verdict.NO_DLT, Verdict.NOT_EVALUABLE, Verdict.DLT])
def test_an_awaited_answer_that_the_design_foresaw_does_not_supersede(
    answer: Verdict, judge: Judge, standing: Build
) -> None:
    before = [*(standing(i) for i in range(5)), standing(9, Verdict.PENDING)]
    now = [*before[:5], standing(9, answer)]

    finding = judge(before, now)

    assert finding.old.kind is RecommendationKind.ESCALATE
    assert not finding.superseded


@pytest.mark.parametrize(
    "now_known", [{"verdict": Verdict.DLT}, {"verdict": Verdict.PENDING, "provisional_dlt": True}]
)
def test_an_awaited_answer_that_makes_the_design_more_cautious_supersedes(
    now_known: dict[str, object], judge: Judge, standing: Build
) -> None:
    # Stay with one DLT of three and one pending: a second DLT ends the search at this level.
    before = [standing(1), standing(2, Verdict.DLT), standing(3, Verdict.PENDING)]
    now = [before[0], before[1], standing(3, **now_known)]

    finding = judge(before, now)

    assert [change.reason for change in finding.changes] == [LateReason.PENDING_TURNED_WORSE]
    assert finding.new.kind is RecommendationKind.STOP_NO_MTD


def test_participants_who_joined_later_do_not_supersede(judge: Judge, standing: Build) -> None:
    before = [standing(1), standing(2), standing(3)]
    later = [standing(n, Verdict.DLT, level=2) for n in (4, 5)]

    finding = judge(before, [*before, *later])

    assert not finding.superseded
    assert finding.new == finding.old


def test_a_new_version_with_the_same_answer_does_not_supersede(judge: Judge, standing: Build) -> None:
    before = [standing(1)]

    finding = judge(before, [replace(before[0], verdict_version=7)])

    assert not finding.superseded


def test_a_snapshot_serves_while_nothing_it_rests_on_has_changed(judge: Judge, standing: Build) -> None:
    before = [standing(1), standing(2), standing(3)]
    finding = judge(before, before)

    require_current(finding, finding.old)


def test_a_snapshot_with_changed_data_serves_no_further_decision(judge: Judge, standing: Build) -> None:
    before = [standing(1), standing(2), standing(3)]
    finding = judge(before, [standing(1), standing(2), standing(3, Verdict.NOT_EVALUABLE)])

    with pytest.raises(Refused, match="snapshot_outdated") as refusal:
        require_current(finding, finding.old)

    assert refusal.value.facts["changed"] == ["p03"]


def test_a_snapshot_serves_no_further_decision_when_those_who_joined_since_make_the_design_more_cautious(
    judge: Judge, standing: Build
) -> None:
    before = [standing(1), standing(2), standing(3)]
    joined = [*before, standing(4, Verdict.DLT), standing(5, Verdict.DLT)]
    finding = judge(before, joined)
    present = judge(joined, joined).old

    assert not finding.superseded
    with pytest.raises(Refused, match="snapshot_outdated"):
        require_current(finding, present)


def test_the_gravest_reason_is_named(judge: Judge, standing: Build) -> None:
    before = [standing(1), standing(2), standing(3)]
    now = [standing(1, Verdict.NOT_EVALUABLE), standing(2, Verdict.DLT), standing(3)]

    finding = judge(before, now)

    assert finding.reason is LateReason.LATE_DLT
    changes: Any = finding_payload(finding)["changes"]
    assert [change["reason"] for change in changes] == ["revised", "late_dlt"]
