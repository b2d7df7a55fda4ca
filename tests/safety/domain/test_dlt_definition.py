import copy
from collections.abc import Callable
from typing import Any

import pytest

from services.safety.domain.causality import Causality
from services.safety.domain.ctcae import Dictionary
from services.safety.domain.dlt_definition import (
    DltDefinition,
    DoseDelayCriterion,
    DurationConvention,
    EventCriterion,
    MissedDosesCriterion,
    MissingAttribution,
    NotEvaluableReason,
    WindowStart,
    dictionary_problems,
    parse_definition,
)
from services.safety.domain.refusals import Refused
from services.sponsor.events.protocol_dlt import DltRules

Rules = dict[str, Any]


def test_a_protocols_dlt_object_is_read_whole(dlt_rules: Rules) -> None:
    read = parse_definition(dlt_rules)

    assert (read.id, read.version, read.protocol_version, read.ctcae) == ("ep01", 3, "4.0", "5.0+0")
    assert (read.window_days, read.minimum_doses_percent) == (28, 75)
    assert read.convention is DurationConvention.DAY_DIFFERENCE
    assert read.attribution.counts == {Causality.POSSIBLE, Causality.PROBABLE, Causality.DEFINITE}
    assert read.attribution.missing is MissingAttribution.COUNTS
    assert read.not_evaluable == set(NotEvaluableReason)
    assert read.criteria == (
        EventCriterion(
            id="nonhaem-g3",
            term="",
            soc_not=frozenset({"blood and lymphatic system disorders"}),
            grade_at_least=3,
            lasting_more_than_days=None,
            exclusions=frozenset({"nausea-vomiting-controlled", "alt-brief"}),
        ),
        EventCriterion(
            id="anc-long",
            term="Neutrophil count decreased",
            soc_not=frozenset(),
            grade_at_least=4,
            lasting_more_than_days=5,
            exclusions=frozenset(),
        ),
        DoseDelayCriterion(id="delay", more_than_days=14),
    )


def test_keys_that_are_null_read_as_absent(dlt_rules: Rules) -> None:
    dlt_rules["criteria"] = [
        {"id": "any", "kind": "event", "term": None, "any_term": True, "soc_not": [], "grade_at_least": 3,
         "lasting_more_than_days": None, "except": []},
        {"id": "missed", "kind": "missed_doses", "cause": "toxicity", "more_than_percent": 25,
         "more_than_count": None},
    ]  # fmt: skip

    read = parse_definition(dlt_rules)

    assert read.criteria[1] == MissedDosesCriterion(id="missed", more_than_percent=25, more_than_count=None)
    assert read.exclusion_ids() == frozenset()


def test_exclusions_and_named_terms_are_listed(definition: DltDefinition) -> None:
    assert definition.exclusion_ids() == {"nausea-vomiting-controlled", "alt-brief"}
    assert definition.named_terms() == {"neutrophil count decreased"}


@pytest.mark.parametrize("start", list(WindowStart))
def test_a_window_starts_with_the_first_dose_the_infusion_or_the_transplant(
    start: WindowStart, dlt_rules: Rules
) -> None:
    dlt_rules["window"]["starts"] = start.value

    assert parse_definition(dlt_rules).starts is start


def _set(path: str, value: object) -> Callable[[Rules], None]:
    def change(rules: Rules) -> None:
        *parents, last = path.split(".")
        at: Any = rules
        for key in parents:
            at = at[int(key)] if key.isdigit() else at[key]
        at[int(last) if last.isdigit() else last] = value

    return change


def _drop(key: str) -> Callable[[Rules], None]:
    return lambda rules: rules.pop(key)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (_set("window_length", 28), "dlt.window_length"),
        (_set("dlt_definition.note", "x"), "dlt.dlt_definition.note"),
        (_set("window.opens", "x"), "dlt.window.opens"),
        (_set("minimum_exposure.days", 3), "dlt.minimum_exposure.days"),
        (_set("attribution.unknown", "counts"), "dlt.attribution.unknown"),
        (_set("criteria.1.lasting", 5), "dlt.criteria[1].lasting"),
        (_set("criteria.2.term", "Anemia"), "dlt.criteria[2].term"),
        (_drop("window"), "dlt.window"),
        (_drop("attribution"), "dlt.attribution"),
        (_drop("duration_convention"), "dlt.duration_convention"),
        (_drop("criteria"), "dlt.criteria"),
        (_drop("not_evaluable"), "dlt.not_evaluable"),
        (_set("window.days", "28"), "dlt.window.days"),
        (_set("window.days", True), "dlt.window.days"),
        (_set("window.days", 0), "dlt.window.days"),
        (_set("window.starts", "apheresis"), "dlt.window.starts"),
        (_set("dlt_definition.ctcae", "5.0"), "dlt.dlt_definition.ctcae"),
        (_set("dlt_definition.id", "EP 01"), "dlt.dlt_definition.id"),
        (_set("duration_convention", "days"), "dlt.duration_convention"),
        (_set("attribution.counts", []), "dlt.attribution.counts"),
        (_set("attribution.counts", ["related"]), "dlt.attribution.counts"),
        (_set("attribution.counts", ["not_assessed"]), "dlt.attribution.counts"),
        (_set("attribution.missing", "maybe"), "dlt.attribution.missing"),
        (_set("not_evaluable", ["bored"]), "dlt.not_evaluable[0]"),
        (_set("criteria", []), "dlt.criteria"),
        (_set("criteria.0", "grade 3"), "dlt.criteria[0]"),
        (_set("criteria.1.id", "delay"), "dlt.criteria"),
        (_set("criteria.0.kind", "opinion"), "dlt.criteria[0].kind"),
        (_set("criteria.0", {"id": "j", "kind": "judgement", "cause": "x"}), "dlt.criteria[0].cause"),
        (_set("criteria.0", {"id": "j", "kind": "judgement", "text": 5}), "dlt.criteria[0].text"),
        (_set("criteria.0.any_term", False), "dlt.criteria[0].any_term"),
        (_set("criteria.0.term", "Anemia"), "dlt.criteria[0]"),
        (_set("criteria.1.term", None), "dlt.criteria[1]"),
        (_set("criteria.1.grade_at_least", 6), "dlt.criteria[1].grade_at_least"),
        (_set("criteria.0.soc_not", ["", "x"]), "dlt.criteria[0].soc_not[0]"),
        (_set("criteria.2.cause", "other"), "dlt.criteria[2].cause"),
    ],
)
def test_what_is_not_in_the_contract_is_refused_by_its_path(
    dlt_rules: Rules, change: Callable[[Rules], None], path: str
) -> None:
    rules = copy.deepcopy(dlt_rules)
    change(rules)

    with pytest.raises(Refused) as refused:
        parse_definition(rules)

    assert refused.value.code == "dlt_definition_invalid"
    assert refused.value.facts["path"] == path


@pytest.mark.parametrize("limits", [{}, {"more_than_percent": 20, "more_than_count": 2}])
def test_missed_doses_need_exactly_one_limit(dlt_rules: Rules, limits: dict[str, int]) -> None:
    dlt_rules["criteria"] = [{"id": "m", "kind": "missed_doses", "cause": "toxicity", **limits}]

    with pytest.raises(Refused, match="not both"):
        parse_definition(dlt_rules)


def test_something_that_is_no_object_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        parse_definition(["criteria"])

    assert refused.value.facts["path"] == "dlt"


def test_a_definition_that_fits_its_dictionary_has_no_problems(
    definition: DltDefinition, ctcae_5: Dictionary
) -> None:
    assert dictionary_problems(definition, ctcae_5) == ()


def test_a_criterion_that_can_never_work_is_reported(
    definition_with: Callable[..., DltDefinition], ctcae_5: Dictionary, ctcae_6: Dictionary
) -> None:
    broken = definition_with(
        criteria=[
            {"id": "typo", "term": "Neutrophils decreased", "grade_at_least": 4},
            {"id": "unreachable", "term": "Alopecia", "grade_at_least": 3},
            {"id": "soc", "any_term": True, "soc_not": ["Blood"], "grade_at_least": 3},
        ]
    )

    assert dictionary_problems(broken, ctcae_5) == (
        "typo: no term 'Neutrophils decreased'",
        "unreachable: Alopecia has no grade 3 or above",
        "soc: no class 'blood'",
    )
    assert dictionary_problems(broken, ctcae_6)[0].startswith("the definition pins 5.0+0")


def test_the_sponsors_contract_and_the_reader_agree_on_what_is_valid(dlt_rules: Rules) -> None:
    carried = DltRules.model_validate(dlt_rules).model_dump(mode="json", by_alias=True)

    assert parse_definition(carried) == parse_definition(dlt_rules)
