from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.enrolment.domain.consent import Consent, ConsentPolicy, ConsentPurpose, SignerCapacity
from services.enrolment.domain.dosing import (
    DoseFacts,
    decide_named_child_authorisation,
    evaluate_dose_guards,
)
from services.enrolment.domain.guards import GuardResult, freshness_guard
from services.enrolment.domain.halt import Halt, HaltScope
from services.enrolment.domain.ids import ConsentId, HaltId, PartLevel, PersonId, SiteId
from services.enrolment.domain.levels import DecisionStanding
from services.enrolment.domain.participation import Element, Participation
from services.enrolment.domain.recruitment import TrialStatus
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.stagger import Stagger, StaggerStatus

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
CLEAR = Stagger(status=StaggerStatus.CLEAR, earliest_at=NOON)
WAITS = Stagger(status=StaggerStatus.INTERVAL_RUNS, earliest_at=NOON + timedelta(days=4))
UNDOSED = Stagger(status=StaggerStatus.SENTINEL_NOT_DOSED, earliest_at=None)
PARENT = Consent(
    id=ConsentId("c1"),
    document="parents",
    version="1.0",
    purpose=ConsentPurpose.PARENTAL_CONSENT,
    capacity=SignerCapacity.PARENTAL_RESPONSIBILITY,
    signed_at=NOON,
    delegated=True,
)
READY = DoseFacts(
    place=PartLevel(part="escalation", level=2),
    site_id=SiteId("site-a"),
    trial_status=TrialStatus.OPEN,
    halts=(),
    first_dose=True,
    stagger=CLEAR,
    consents=(PARENT,),
    ages=frozenset({13}),
    consent_policy=ConsentPolicy(ctimp=True, country="GB", age_of_consent={"GB": 16}, assent_from_years=6),
    adult_consent_blocks_dosing=False,
    participation=Participation(),
    allocated_by=DecisionStanding.IN_FORCE,
)
STOPPED = Participation(stopped=frozenset({Element.TREATMENT}))


def halt(**scope: Any) -> tuple[Halt, ...]:
    return (Halt(id=HaltId("halt-7"), scope=HaltScope(**scope), effective_at=NOON),)


def codes(facts: DoseFacts) -> list[str]:
    return [result.code for result in evaluate_dose_guards(facts) if not result.passed]


def test_a_dose_with_everything_in_order_is_authorised() -> None:
    assert codes(READY) == []
    assert [result.number for result in evaluate_dose_guards(READY)] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"halts": halt(recruitment=False, dosing=True)}, ["dosing_halted"]),
        ({"consented_at_site": False}, ["consent_missing"]),
        ({"halts": halt(site_id=SiteId("site-a"), recruitment=True, dosing=True)}, ["dosing_halted"]),
        ({"stagger": WAITS}, ["stagger_not_elapsed"]),
        ({"stagger": UNDOSED}, ["sentinel_not_dosed"]),
        ({"participation": STOPPED}, ["treatment_stopped"]),
        ({"allocated_by": DecisionStanding.SUPERSEDED}, ["decision_superseded"]),
        ({"allocated_by": DecisionStanding.WITHDRAWN}, ["decision_superseded"]),
        ({"trial_status": TrialStatus.CLOSED_TO_TREATMENT}, ["trial_not_open"]),
        ({"trial_status": TrialStatus.ENDED}, ["trial_not_open"]),
        ({"ages": frozenset({16}), "adult_consent_blocks_dosing": True}, ["adult_consent_due"]),
    ],
)
def test_one_obstacle_gives_its_refusal(fields: dict[str, Any], expected: list[str]) -> None:
    assert codes(replace(READY, **fields)) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"halts": halt(recruitment=True, dosing=False)},
        {"halts": halt(site_id=SiteId("site-b"), recruitment=True, dosing=True)},
        {"trial_status": TrialStatus.CLOSED_TO_RECRUITMENT},
        {"trial_status": TrialStatus.PAUSED},
        {"first_dose": False, "stagger": WAITS},
        {"ages": frozenset({16})},
        {"allocated_by": DecisionStanding.FOLLOWED},
    ],
    ids=[
        "a5 recruitment only",
        "a5 another site",
        "closed to recruitment",
        "paused recruitment",
        "later doses know no stagger",
        "treatment in progress passes the birthday",
        "a later decision of the ordinary course",
    ],
)
def test_dosing_proceeds(fields: dict[str, Any]) -> None:
    assert codes(replace(READY, **fields)) == []


def test_a10_the_earliest_dosing_is_shown() -> None:
    results = evaluate_dose_guards(replace(READY, stagger=WAITS))

    assert results[2].inputs["earliest_dosing"] == (NOON + timedelta(days=4)).isoformat()


def agreed(results: list[GuardResult], reason: str = "cells thawed", monitor: str = "monitor") -> object:
    return decide_named_child_authorisation(
        results, reason, PersonId("investigator"), PersonId(monitor), NOON
    )


def test_two_people_may_set_aside_a_halt_and_missing_freshness_for_one_child() -> None:
    halted = replace(READY, halts=halt(recruitment=True, dosing=True))

    authorisation = decide_named_child_authorisation(
        [freshness_guard(["sponsor"]), *evaluate_dose_guards(halted)],
        "cells thawed",
        PersonId("investigator"),
        PersonId("monitor"),
        NOON,
    )

    assert authorisation.set_aside == ("trial_state_unknown", "dosing_halted")
    assert authorisation.countersign_due_at == NOON + timedelta(hours=24)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [({"reason": " "}, "reason_required"), ({"monitor": "investigator"}, "second_person_required")],
)
def test_one_person_or_no_reason_sets_nothing_aside(arguments: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        agreed([freshness_guard(["sponsor"])], **arguments)

    assert refusal.value.code == code


@pytest.mark.parametrize("fields", [{"participation": STOPPED}, {"stagger": WAITS}])
def test_nobody_sets_aside_a_family_that_stopped_or_an_interval(fields: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal:
        agreed([freshness_guard(["sponsor"]), *evaluate_dose_guards(replace(READY, **fields))])

    assert refusal.value.code == "override_not_possible"
