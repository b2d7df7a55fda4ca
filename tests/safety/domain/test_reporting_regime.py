"""Regimes as data: every row has its source, rows that cannot be used are refused, conditions are a closed set."""

import copy
import json
from typing import Any

import pytest

from services.safety.domain.causality import Causality
from services.safety.domain.event_class import EventClass
from services.safety.domain.reporting_regime import TriggerKind, regimes_from
from services.safety.domain.rule_condition import RuledFacts, condition_from
from services.safety.domain.seriousness import Criterion
from tests.safety.domain.regimes import FOLDER, shipped

SUSAR = RuledFacts(event_class=EventClass.SUSAR)


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_rule_says_where_it_is_written_and_whether_to_verify_it(name: str) -> None:
    for rule in shipped()[name].rules.values():
        assert rule.cite
        assert rule.recipients
        assert rule.version >= 1
        assert rule.status in ("confirmed", "verify")


LAWS = [name for name in shipped() if name != "hosted"]


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("grave", [True, False])
def test_a_susar_at_home_meets_exactly_one_rule_of_each_regime(name: str, grave: bool) -> None:
    facts = RuledFacts(event_class=EventClass.SUSAR, fatal_or_life_threatening=grave)

    assert len(shipped()[name].owed(facts)) == 1


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("event_class", [one for one in EventClass if one is not EventClass.SUSAR])
def test_no_other_class_meets_any(name: str, event_class: EventClass) -> None:
    assert shipped()[name].owed(RuledFacts(event_class=event_class)) == ()


def test_only_the_rules_of_2026_allow_exemptions() -> None:
    assert [name for name, regime in shipped().items() if regime.allows_exemptions] == ["uk-2026"]


def test_what_nobody_has_confirmed_is_marked() -> None:
    assert {rule.status for rule in shipped()["eu-ctr"].rules.values()} == {"verify"}
    assert {rule.status for rule in shipped()["uk-non-ctimp"].rules.values()} == {"verify"}


def documents() -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        json.loads((FOLDER / "uk-2026.v1.json").read_text()),
        json.loads((FOLDER / "common.v1.json").read_text()),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"status": "probably"},
        {"unit": "weeks"},
        {"unit": "hours"},
        {"trigger": "phone.rang"},
        {"when": {"mood": "bad"}},
        {"covered_by": ["no.such.rule"]},
        {"rule": "uk.susar.other"},
    ],
)
def test_a_row_that_cannot_be_used_is_refused(change: dict[str, Any]) -> None:
    document, common = documents()
    changed = copy.deepcopy(document)
    changed["rules"][0] |= change

    with pytest.raises(ValueError, match=r".+"):
        regimes_from([changed], common)


def test_the_sites_clock_belongs_to_every_regime() -> None:
    for regime in shipped().values():
        (rule,) = regime.triggered_by(TriggerKind.SITE_AWARE)
        assert (rule.rule, rule.amount) == ("site.report", 24)


@pytest.mark.parametrize(
    ("condition", "met", "not_met"),
    [
        ({"event_classes": ["SAE", "SAR"]}, {"event_class": EventClass.SERIOUS_ADVERSE_EVENT}, {}),
        ({"seriousness_any": ["death"]}, {"criteria": frozenset({Criterion.DEATH})}, {}),
        ({"grade_at_least": 4}, {"grade": 4}, {"grade": 3}),
        ({"causality_any": ["possible"]}, {"causality": Causality.POSSIBLE}, {"causality": Causality.UNLIKELY}),
        ({"expected": False}, {"expected": False}, {"expected": True}),
        ({"term_any": ["Cytokine release syndrome"]}, {"term": "cytokine Release syndrome "}, {"term": "Fever"}),
        ({"soc_any": ["Cardiac disorders"]}, {"soc": "Cardiac disorders"}, {"soc": "Investigations"}),
        ({"of_special_interest": True}, {"of_special_interest": True}, {}),
        ({"days_since_first_dose_at_most": 30}, {"days_since_first_dose": 30}, {"days_since_first_dose": 31}),
        ({"days_since_last_dose_at_most": 30}, {"days_since_last_dose": 0}, {"days_since_last_dose": 31}),
        ({"dose_level_any": [2, 3]}, {"dose_level": 3}, {"dose_level": 1}),
        ({"phase_any": ["1"]}, {"phase": "1"}, {"phase": "2"}),
        ({"product_any": ["XB-1"]}, {"product": "xb-1"}, {"product": "placebo"}),
        ({"site_country_any": ["GB"]}, {"site_country": "GB"}, {"site_country": "FR"}),
        ({"abroad": True}, {"abroad": True}, {}),
        ({"exempt": False}, {}, {"exempt": True}),
    ],
)  # fmt: skip
def test_each_test_of_a_condition_decides(
    condition: dict[str, Any], met: dict[str, Any], not_met: dict[str, Any]
) -> None:
    built = condition_from(condition)

    assert built.holds(RuledFacts(**{"event_class": EventClass.SUSAR} | met))
    assert not built.holds(RuledFacts(**{"event_class": EventClass.SUSAR} | not_met))


def test_what_is_not_known_holds_against_us() -> None:
    asked = {
        "grade_at_least": 3,
        "term_any": ["Fever"],
        "days_since_last_dose_at_most": 30,
        "expected": False,
    }

    assert condition_from(asked).holds(SUSAR)
