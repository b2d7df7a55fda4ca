from collections.abc import Callable

import pytest

from services.sponsor.domain.escalation.result import RecommendationKind
from services.sponsor.domain.escalation.rolling_six import PartHistory
from services.sponsor.domain.preview import previews
from services.sponsor.domain.protocol_terms import PartTerms
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.standing import Standing, Verdict

Make = Callable[..., Standing]


def people(standing: Make, level: int, clear: int, pending: int, first: int = 0) -> list[Standing]:
    verdicts = [Verdict.NO_DLT] * clear + [Verdict.PENDING] * pending
    return [standing(first + place, verdict, level) for place, verdict in enumerate(verdicts)]


def test_every_number_of_dlts_of_every_level_is_looked_at_once(terms: PartTerms, standing: Make) -> None:
    standings = people(standing, 1, 3, 1) + people(standing, 2, 0, 2, first=10)

    found = previews(terms, standings, PartHistory(opened=(1, 2)))

    assert [[(one.place.level, one.dlt) for one in preview.outcome] for preview in found] == [
        [(1, 0), (2, 0)],
        [(1, 0), (2, 1)],
        [(1, 0), (2, 2)],
        [(1, 1), (2, 0)],
        [(1, 1), (2, 1)],
        [(1, 1), (2, 2)],
    ]
    assert found[2].recommendation.kind is RecommendationKind.DEESCALATE


def test_nobody_is_pending_in_a_preview_and_nobody_else_is_changed(terms: PartTerms, standing: Make) -> None:
    standings = [
        *people(standing, 1, 2, 0),
        standing(5, Verdict.PENDING, 1, provisional_dlt=True),
        standing(6, Verdict.MISSING, 1, first_dose_at=None),
        standing(7, Verdict.NOT_EVALUABLE, 1),
    ]

    none, one, two = previews(terms, standings, PartHistory(opened=(1,)))

    assert [s.verdict for s in one.standings] == [
        Verdict.NO_DLT,
        Verdict.NO_DLT,
        Verdict.DLT,
        Verdict.NO_DLT,
        Verdict.NOT_EVALUABLE,
    ]
    assert none.recommendation.cell.counts.dlt == 0
    assert two.recommendation.cell.counts.dlt == 2


def test_more_outcomes_than_can_be_looked_at_are_refused(terms: PartTerms, standing: Make) -> None:
    standings = [one for level in (1, 2, 3) for one in people(standing, level, 0, 10, first=100 * level)]

    with pytest.raises(Refused) as refused:
        previews(terms, standings, PartHistory(opened=(1, 2, 3)))

    assert refused.value.code == "outcomes_too_many"
