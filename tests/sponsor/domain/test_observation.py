"""Counting as enrolment counts: a dose is a fact, silence is pending, and unmatched DLTs count against us."""

from datetime import UTC, datetime

import pytest

from services.sponsor.domain.ids import ParticipantId, PartLevel
from services.sponsor.domain.observation import Registration, WindowVerdict, observe
from services.sponsor.domain.standing import Verdict, count

PLACE = PartLevel(part="a", level=1)
DOSED = datetime(2026, 3, 1, 9, tzinfo=UTC)


def registered(name: str, *, dosed: bool = True, voided: bool = False) -> Registration:
    return Registration(
        participant_id=ParticipantId(name),
        place=PLACE,
        decision_id="d1",
        voided=voided,
        first_dose_at=DOSED if dosed else None,
        version=3,
    )


def said(name: str, verdict: Verdict, *, provisional: bool = False, version: int = 1) -> WindowVerdict:
    return WindowVerdict(
        participant_id=ParticipantId(name),
        place=PLACE,
        verdict=verdict,
        provisional_dlt=provisional,
        window_closed_at=None,
        version=version,
    )


def test_a_registration_without_a_verdict_is_missing_one() -> None:
    [standing] = observe([registered("p1")], []).standings

    assert (standing.verdict, standing.verdict_version, standing.registration_version) == (
        Verdict.MISSING,
        0,
        3,
    )


@pytest.mark.parametrize(
    ("verdict", "provisional", "dosed", "expected", "provisional_dlt"),
    [
        (Verdict.DLT, False, True, Verdict.DLT, False),
        (Verdict.DLT, True, False, Verdict.DLT, False),
        (Verdict.NO_DLT, False, True, Verdict.NO_DLT, False),
        (Verdict.NO_DLT, False, False, Verdict.PENDING, False),
        (Verdict.NO_DLT, True, True, Verdict.PENDING, True),
        (Verdict.PENDING, True, True, Verdict.PENDING, True),
        (Verdict.NOT_EVALUABLE, False, False, Verdict.NOT_EVALUABLE, False),
        (Verdict.NOT_EVALUABLE, True, True, Verdict.PENDING, True),
    ],
)
def test_what_counts_of_a_verdict(
    verdict: Verdict, provisional: bool, dosed: bool, expected: Verdict, provisional_dlt: bool
) -> None:
    seen = observe([registered("p1", dosed=dosed)], [said("p1", verdict, provisional=provisional)])

    [standing] = seen.standings
    assert (standing.verdict, standing.provisional_dlt) == (expected, provisional_dlt)
    assert seen.unmatched == ()


def test_a_voided_registration_counts_only_once_a_dose_was_given() -> None:
    assert observe([registered("p1", dosed=False, voided=True)], []).standings == ()
    assert len(observe([registered("p1", voided=True)], []).standings) == 1


def test_a_verdict_without_a_registration_is_unmatched_and_a_dlt_of_it_counts() -> None:
    pending, dlt = said("p8", Verdict.PENDING), said("p9", Verdict.DLT)

    seen = observe([registered("p1")], [pending, dlt])

    assert seen.unmatched == (pending, dlt)
    counts = count(seen.counted, {PLACE})
    assert (counts.n, counts.dlt, counts.pending) == (2, 1, 1)


def test_an_unmatched_open_dlt_counts_as_provisional() -> None:
    seen = observe([], [said("p9", Verdict.NO_DLT, provisional=True)])

    counts = count(seen.counted, {PLACE})
    assert (counts.n, counts.pending, counts.provisional) == (1, 1, 1)


def test_a_verdict_on_a_voided_registration_is_ignored_unless_it_speaks_of_a_dlt() -> None:
    voided = registered("p1", dosed=False, voided=True)

    assert observe([voided], [said("p1", Verdict.NOT_EVALUABLE)]).unmatched == ()
    assert observe([voided], [said("p1", Verdict.DLT)]).unmatched == (said("p1", Verdict.DLT),)


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_windows_the_one_that_counts_most_against_the_level_is_used(order: int) -> None:
    windows = [
        said("p1", Verdict.NOT_EVALUABLE, version=9),
        said("p1", Verdict.NO_DLT, version=5),
        said("p1", Verdict.PENDING, version=4),
        said("p1", Verdict.DLT, version=2),
    ][::order]

    [standing] = observe([registered("p1")], windows).standings

    assert (standing.verdict, standing.verdict_version) == (Verdict.DLT, 2)
