"""Who may be randomised, who may see arms, and that no refusal depends on an arm that is blinded."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.enrolment.domain.blinding import check_may_act, check_may_see
from services.enrolment.domain.criteria import Answer, AnswerKind, ChosenAnswer, Criterion
from services.enrolment.domain.guards import refusal_from
from services.enrolment.domain.halt import Halt, HaltScope
from services.enrolment.domain.ids import HaltId, PartLevel, SiteId
from services.enrolment.domain.randomisation_terms import Moment
from services.enrolment.domain.randomising_guards import RandomisingFacts, evaluate_randomising
from services.enrolment.domain.recruitment import SiteStatus, TrialStatus
from services.enrolment.domain.refusals import Refused
from tests.enrolment.domain.designs import terms

HALT = Halt(
    id=HaltId("halt-1"),
    scope=HaltScope(recruitment=True, dosing=False),
    effective_at=datetime(2026, 1, 1, tzinfo=UTC),
)
AT_SITE = replace(HALT, scope=HaltScope(site_id=SiteId("012"), recruitment=True, dosing=False))
DOSING = replace(HALT, scope=HaltScope(recruitment=False, dosing=True))


def facts(**replaced: Any) -> RandomisingFacts:
    values: dict[str, Any] = {
        "terms": terms(),
        "trial_status": TrialStatus.OPEN,
        "site_status": SiteStatus.GREEN_LIGHT,
        "activated": True,
        "halts": (),
        "place": PartLevel(part="induction", level=0),
        "site_id": SiteId("012"),
        "voided": False,
        "stopped": False,
        "already": False,
        "earlier": False,
        "on_arm": False,
        "group": "",
        "answers": {},
        "today": date(2026, 1, 1),
    }
    return RandomisingFacts(**(values | replaced))


LATER = terms(at=Moment.LATER, after="zero")
ARMED = terms(at=Moment.LATER, after="zero", for_arms=frozenset({"A"}))
GROUPED = terms(at=Moment.LATER, groups=frozenset({"responder", "non-responder"}))
ASKED = terms(
    criteria={
        "response": Criterion(
            id="response",
            kind=AnswerKind.CHOICE,
            options=frozenset({"complete", "none"}),
            accepted=frozenset({"complete"}),
        )
    }
)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, ""),
        ({"trial_status": TrialStatus.CLOSED_TO_RECRUITMENT}, "trial_not_open"),
        ({"trial_status": TrialStatus.CLOSED_TO_RECRUITMENT, "terms": terms(at=Moment.LATER)}, ""),
        ({"trial_status": TrialStatus.ENDED, "terms": terms(at=Moment.LATER)}, "trial_not_open"),
        ({"trial_status": TrialStatus.PAUSED}, "trial_not_open"),
        ({"trial_status": TrialStatus.PAUSED, "halts": (HALT,)}, "trial_halted"),
        ({"halts": (HALT,)}, "trial_halted"),
        ({"halts": (AT_SITE,)}, "site_halted"),
        ({"halts": (AT_SITE,), "site_id": SiteId("034")}, ""),
        ({"halts": (DOSING,)}, ""),
        ({"site_status": SiteStatus.SUSPENDED}, "site_suspended"),
        ({"activated": False}, "site_not_activated"),
        ({"voided": True}, "registration_voided"),
        ({"place": PartLevel(part="other", level=1)}, "randomisation_not_of_part"),
        ({"stopped": True}, "treatment_stopped"),
        ({"already": True}, "already_randomised"),
        ({"terms": LATER}, "earlier_randomisation_missing"),
        ({"terms": LATER, "earlier": True}, ""),
        ({"terms": ARMED, "earlier": True}, "randomisation_not_for_arm"),
        ({"terms": ARMED, "earlier": True, "on_arm": True}, ""),
        ({"terms": GROUPED}, "randomisation_group_unknown"),
        ({"terms": GROUPED, "group": "other"}, "randomisation_group_unknown"),
        ({"terms": GROUPED, "group": "responder"}, ""),
        ({"group": "responder"}, "randomisation_group_unknown"),
        ({"terms": ASKED}, "randomisation_criteria_unmet"),
        ({"terms": ASKED, "answers": {"response": Answer.MET}}, "randomisation_criteria_unmet"),
        (
            {"terms": ASKED, "answers": {"response": ChosenAnswer(option="none", taken_on=None)}},
            "randomisation_criteria_unmet",
        ),
        ({"terms": ASKED, "answers": {"response": ChosenAnswer(option="complete", taken_on=None)}}, ""),
    ],
)
def test_each_guard_alone_stops_a_randomisation(changed: dict[str, Any], code: str) -> None:
    results = evaluate_randomising(facts(**changed))

    refused = refusal_from(results)
    assert [one.code for one in results if not one.passed] == ([code] if code else [])
    assert (refused.code if refused else "") == code
    assert len({one.name for one in results}) == len(results)


@pytest.mark.parametrize("on_arm", [True, False])
def test_where_the_earlier_arm_is_blinded_everybody_is_refused_alike(on_arm: bool) -> None:
    blinded = replace(ARMED, earlier_blinded=True)

    results = evaluate_randomising(facts(terms=blinded, earlier=True, on_arm=on_arm))

    assert results == evaluate_randomising(facts(terms=blinded, earlier=True, on_arm=not on_arm))
    assert [one.code for one in results if not one.passed] == ["randomisation_would_unblind"]


# -- roles --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["site_investigator", "site_nurse", "safety_officer", "medical_monitor"])
def test_who_consents_treats_or_assesses_sees_no_arm(role: str) -> None:
    check_may_see({"unblinded_statistician", "pharmacist", "trial_statistician"})
    with pytest.raises(Refused, match="blinding_roles_conflict"):
        check_may_see({"unblinded_statistician", role})


def test_who_sees_arms_randomises_nobody() -> None:
    check_may_act({"site_investigator", "trial_manager"}, unblinded=False)
    with pytest.raises(Refused, match="blinding_roles_conflict"):
        check_may_act({"site_investigator", "unblinded_statistician"}, unblinded=False)
    with pytest.raises(Refused, match="blinding_roles_conflict"):
        check_may_act({"site_investigator"}, unblinded=True)
