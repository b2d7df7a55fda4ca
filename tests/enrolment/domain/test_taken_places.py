"""Which decisions of a trial that is taken over gave places, and who had none."""

from datetime import UTC, datetime, timedelta

from services.enrolment.domain.decisions import DecisionKind
from services.enrolment.domain.ids import PartLevel
from services.enrolment.domain.taken_places import TakenDecision, openings_of, without_place

DAY = datetime(2026, 3, 1, tzinfo=UTC)
LOW, HIGH = PartLevel(part="escalation", level=1), PartLevel(part="escalation", level=2)
ELSEWHERE = PartLevel(part="expansion", level=1)


def decided(label: str, kind: DecisionKind, place: PartLevel, places: int, day: int) -> TakenDecision:
    return TakenDecision(
        label=label, kind=kind, place=place, places=places, in_force_at=DAY + timedelta(days=day)
    )


OPEN, EXPAND = DecisionKind.OPEN_LEVEL, DecisionKind.EXPAND


def test_opening_a_level_closes_the_others_of_its_part_alone() -> None:
    found = openings_of(
        [
            decided("A", OPEN, LOW, 6, 1),
            decided("X", OPEN, ELSEWHERE, 9, 2),
            decided("B", OPEN, HIGH, 6, 3),
        ]
    )

    assert [(one.labels, one.still_open) for one in found] == [
        (("A",), False),
        (("X",), True),
        (("B",), True),
    ]


def test_expansion_adds_to_the_opening_that_runs_and_opens_a_level_that_does_not() -> None:
    found = openings_of(
        [
            decided("C", EXPAND, HIGH, 3, 3),
            decided("B", OPEN, HIGH, 6, 2),
            decided("D", EXPAND, LOW, 2, 4),
        ]
    )

    assert [(one.labels, one.places, one.still_open) for one in found] == [
        (("B", "C"), 9, False),
        (("D",), 2, True),
    ]


def test_closing_and_declaring_end_an_opening() -> None:
    closed = openings_of([decided("A", OPEN, LOW, 6, 1), decided("B", DecisionKind.CLOSE_LEVEL, LOW, 0, 2)])
    declared = openings_of(
        [decided("A", OPEN, HIGH, 6, 1), decided("B", DecisionKind.DECLARE_MTD, LOW, 0, 2)]
    )
    held = openings_of([decided("A", OPEN, LOW, 6, 1), decided("B", DecisionKind.HOLD, LOW, 0, 2)])

    assert [one.still_open for one in (*closed, *declared, *held)] == [False, False, True]


def test_level_opened_again_has_places_of_its_own() -> None:
    found = openings_of(
        [
            decided("A", OPEN, LOW, 2, 1),
            decided("B", OPEN, HIGH, 2, 2),
            decided("C", DecisionKind.REOPEN_LEVEL, LOW, 1, 3),
        ]
    )

    people = [("1", "A"), ("2", "A"), ("3", "C"), ("4", "C")]
    assert without_place(found, people, ()) == {"4"}


def test_child_who_cannot_be_judged_gives_a_place_at_the_own_opening_alone() -> None:
    found = openings_of([decided("A", OPEN, LOW, 2, 1), decided("B", OPEN, HIGH, 2, 2)])
    people = [("1", "A"), ("2", "A"), ("3", "A"), ("4", "B"), ("5", "B"), ("6", "B")]

    assert without_place(found, people, ()) == {"3", "6"}
    assert without_place(found, people, {"2"}) == {"6"}
