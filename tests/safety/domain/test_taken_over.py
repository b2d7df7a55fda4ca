"""A verdict judged elsewhere stands, unless something new makes it stricter."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.domain.dlt import Provisional, Verdict
from services.safety.domain.ids import AdverseEventId, PersonId
from services.safety.domain.taken_over import REASON, TakenVerdict, as_taken_over
from services.safety.domain.window_judgement import Judgement

CAME = AdverseEventId("came")
TAKEN = TakenVerdict(
    verdict=Verdict.NO_DLT,
    criteria=(),
    evidence="file-note-1",
    judged_by=PersonId("monitor"),
    judged_at=datetime(2026, 3, 1, tzinfo=UTC),
    report_ids=frozenset({CAME}),
)
OWN = Judgement(
    verdict=Verdict.DLT,
    provisional=Provisional.NONE,
    criteria=("neutropenia",),
    reasons=("criterion_met",),
    findings=(),
    definition="definition 1",
    dictionary="5.0",
    convention="day_difference",
    as_of_day=28,
    next_check_at=None,
    closes_at=datetime(2026, 2, 1, tzinfo=UTC),
    closed=True,
    alerts=(AlertRequest(kind=AlertKind.DLT, cause="came"),),
)


def event(event_id: str = CAME, version: int = 1) -> Any:
    return SimpleNamespace(id=AdverseEventId(event_id), version=version)


def test_verdict_stands_as_it_was_judged_and_wakes_nobody() -> None:
    verdict = as_taken_over(OWN, TAKEN, [event()])

    assert (verdict.verdict, verdict.criteria, verdict.reasons) == (Verdict.NO_DLT, (), (REASON,))
    assert verdict.alerts == ()
    assert (verdict.closes_at, verdict.closed) == (OWN.closes_at, True)


@pytest.mark.parametrize("new", [event("new"), event(version=2)], ids=["reported here", "amended here"])
def test_something_new_that_is_a_dlt_counts(new: Any) -> None:
    assert as_taken_over(OWN, TAKEN, [event(), new]) == OWN


def test_provisional_dlt_of_something_new_counts_too() -> None:
    own = replace(OWN, verdict=Verdict.PENDING, provisional=Provisional.DLT)

    assert as_taken_over(own, TAKEN, [event("new")]) == own


@pytest.mark.parametrize("verdict", [Verdict.NO_DLT, Verdict.NOT_EVALUABLE, Verdict.PENDING])
def test_nothing_new_takes_a_dlt_back(verdict: Verdict) -> None:
    own = replace(OWN, verdict=verdict)
    taken = replace(TAKEN, verdict=Verdict.DLT, criteria=("neutropenia",))

    found = as_taken_over(own, taken, [event("new")])

    assert (found.verdict, found.criteria) == (Verdict.DLT, ("neutropenia",))
