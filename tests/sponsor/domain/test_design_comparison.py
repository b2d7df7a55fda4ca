"""What BOIN and the CRM would have recommended beside the steps of the published palbociclib trial.

The trial's counts: Van Mater D et al., Pediatr Blood Cancer 2021;68(4):e28879 (preprint authorea 485356).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from services.sponsor.domain.escalation.comparison import compare, in_order_of_entry
from services.sponsor.domain.standing import Standing, Verdict
from services.sponsor.store.compared_designs import compared_designs

BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
VERDICTS = {
    "N": Verdict.NO_DLT,
    "T": Verdict.DLT,
    "P": Verdict.PENDING,
    "X": Verdict.NOT_EVALUABLE,
}
Make = Callable[..., Standing]


def trial(standing: Make, text: str) -> list[Standing]:
    """Standings of a string as `1NNN 2NTX`, X being not evaluable, a week between children."""
    letters = [(int(group[0]), letter) for group in text.split() for letter in group[1:]]
    return [
        standing(place, VERDICTS[letter], level, first_dose_at=BEGIN + timedelta(weeks=place))
        for place, (level, letter) in enumerate(letters)
    ]


def said(
    standings: list[Standing], levels: int, eliminated: frozenset[int] = frozenset()
) -> dict[str, object]:
    designs = compared_designs().designs(levels, 1)
    return {
        other.design.name: (other.answer.kind.value, other.answer.level)
        for other in compare(designs, standings, "a", eliminated)
    }


@pytest.mark.parametrize(
    ("text", "boin", "crm"),
    [
        ("", ("stay", 1), ("stay", 1)),
        ("1NNN", ("escalate", 2), ("escalate", 2)),
        ("1NNN 2NNN", ("escalate", 3), ("escalate", 3)),
        ("1NNN 2NNN 3NTXXNT", ("deescalate", 2), ("stay", 3)),
        ("1NNN 2NNN 3NTXXNT 2NNT", ("escalate", 3), ("stay", 2)),
    ],
)
def test_beside_each_step_of_stratum_one(
    text: str, boin: tuple[str, int], crm: tuple[str, int], standing: Make
) -> None:
    assert said(trial(standing, text), 3) == {"boin": boin, "crm": crm}


def test_both_would_have_named_the_same_dose_as_the_published_trial(standing: Make) -> None:
    seen = trial(standing, "1NNN 2NNN 3NTXXNT 2NNT")

    found = compare(compared_designs().designs(3, 1), seen, "a", frozenset())

    assert [other.dose_if_ended for other in found] == [2, 2]


def test_a_level_closed_by_a_decision_is_closed_for_the_others_too(standing: Make) -> None:
    found = said(trial(standing, "1NNN 2NNN 3NTXXNT 2NNT"), 3, frozenset({3}))

    assert found == {"boin": ("stay", 2), "crm": ("stay", 2)}


def test_pending_children_hold_the_others_while_they_can_change_the_answer(standing: Make) -> None:
    assert said(trial(standing, "1NNP"), 3) == {"boin": ("wait", None), "crm": ("wait", None)}


def test_participants_are_read_in_the_order_of_their_first_dose_and_other_parts_passed_over(
    standing: Make,
) -> None:
    mixed = [
        standing(1, Verdict.PENDING, 2, first_dose_at=None),
        standing(2, Verdict.DLT, 2, first_dose_at=BEGIN + timedelta(days=9)),
        standing(3, Verdict.NO_DLT, 1, first_dose_at=BEGIN),
        standing(4, Verdict.NOT_EVALUABLE, 1),
        standing(5, Verdict.MISSING, 2, first_dose_at=BEGIN + timedelta(days=20)),
    ]

    found = in_order_of_entry([*mixed, *trial(standing, "9T")], "a", 3)

    assert found.participants is not None
    assert [(one.level, one.dlt, one.cohort) for one in found.participants] == [
        (1, False, 0),
        (2, True, 1),
        (2, None, 1),
        (2, None, 1),
    ]
    assert in_order_of_entry(mixed, "another", 3).treated == 0


def test_a_skeleton_exists_for_every_number_of_levels_in_practice() -> None:
    for levels in range(1, 11):
        boin, crm = compared_designs().designs(levels, 1)
        assert boin.terms.levels == crm.terms.levels == levels
