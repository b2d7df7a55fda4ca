from datetime import UTC, datetime, timedelta

import pytest

from services.safety.domain.seriousness import (
    NO_VIEW,
    Answer,
    Criterion,
    NotSeriousRule,
    Urgency,
    derive_seriousness,
    read_view,
    urgency,
)

PLANNED = NotSeriousRule(rule="P-2", admission="planned_protocol_procedure")
RECEIVED = datetime(2026, 3, 12, 22, 0, tzinfo=UTC)
DUE = RECEIVED + timedelta(hours=24)


def test_assessed_without_a_criterion_is_not_serious() -> None:
    derived = derive_seriousness(read_view([]))

    assert (derived.serious, derived.provisional) == (False, False)


def test_a_missing_answer_counts_as_serious_and_is_provisional() -> None:
    derived = derive_seriousness(read_view(None))

    assert (derived.serious, derived.provisional, derived.criteria) == (True, True, frozenset())


def test_an_unknown_word_counts_as_serious_and_is_kept() -> None:
    view = read_view(["very bad", "Life threatening"])

    assert view.criteria == {Criterion.LIFE_THREATENING}
    assert view.unrecognised == ("very bad",)
    assert derive_seriousness(read_view(["very bad"])).serious
    assert derive_seriousness(read_view(["very bad"])).provisional


def test_either_view_suffices_and_the_sponsor_removes_nothing() -> None:
    site = read_view(["hospitalisation"])

    assert derive_seriousness(read_view([]), read_view(["death"])).criteria == {Criterion.DEATH}
    assert derive_seriousness(site, read_view([])).criteria == {Criterion.HOSPITALISATION}
    assert derive_seriousness(site, NO_VIEW).serious
    assert not derive_seriousness(read_view([]), NO_VIEW).serious


def test_a_planned_admission_is_no_hospitalisation_only_where_the_protocol_says_so() -> None:
    admitted = read_view(["hospitalisation"])
    by_rule = derive_seriousness(admitted, admission="planned_protocol_procedure", not_serious=[PLANNED])
    without_rule = derive_seriousness(admitted, admission="planned_protocol_procedure")
    other_admission = derive_seriousness(admitted, admission="overnight", not_serious=[PLANNED])

    assert (by_rule.serious, by_rule.rules_applied) == (False, ("P-2",))
    assert (without_rule.serious, without_rule.rules_applied) == (True, ())
    assert other_admission.serious


def test_the_rule_takes_away_the_hospitalisation_and_nothing_else() -> None:
    derived = derive_seriousness(
        read_view(["hospitalisation", "disability"]),
        admission="planned_protocol_procedure",
        not_serious=[PLANNED],
    )

    assert derived.criteria == {Criterion.DISABILITY}


@pytest.mark.parametrize(
    ("words", "at", "expected"),
    [
        ([], DUE + timedelta(days=9), Urgency.NOT_SERIOUS),
        (None, DUE - timedelta(seconds=1), Urgency.AWAITING_ANSWER),
        (None, DUE, Urgency.SERIOUS),
        (["???"], RECEIVED, Urgency.SERIOUS),
        (["disability"], RECEIVED, Urgency.SERIOUS),
    ],
)
def test_an_unanswered_question_turns_serious_after_its_limit(
    words: list[str] | None, at: datetime, expected: Urgency
) -> None:
    view = read_view(words)

    assert urgency(view, derive_seriousness(view), answer_due_at=DUE, now=at) is expected


def test_a_sponsors_criterion_does_not_wait_for_the_investigator() -> None:
    derived = derive_seriousness(NO_VIEW, read_view(["death"]))

    assert NO_VIEW.answer is Answer.NOT_ASSESSED
    assert urgency(NO_VIEW, derived, answer_due_at=DUE, now=RECEIVED) is Urgency.SERIOUS
