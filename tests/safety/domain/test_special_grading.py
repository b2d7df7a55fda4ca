"""CRS and ICANS by the consensus tables. Source: Lee DW et al, Biol Blood Marrow Transplant 2019;25:625-638."""

import pytest

from services.safety.domain.special_grading import Scale, special_grade
from services.safety.store.syndrome_rules import shipped_tables

TABLES = shipped_tables()


@pytest.mark.parametrize(
    ("findings", "grade"),
    [
        ({"ice_score": "10"}, 0),
        ({"ice_score": "9"}, 1),
        ({"ice_score": "7"}, 1),
        ({"ice_score": "6"}, 2),
        ({"ice_score": "3"}, 2),
        ({"ice_score": "2"}, 3),
        ({"ice_score": "0"}, 3),
        ({"ice_score": "unable"}, 4),
        ({"capd_score": "1_to_8", "consciousness": "awakens_to_voice"}, 2),
        ({"capd_score": "9_or_more"}, 3),
        ({"consciousness": "awakens_to_touch"}, 3),
        ({"ice_score": "9", "seizure": "resolved"}, 3),
        ({"ice_score": "9", "seizure": "prolonged_or_repetitive"}, 4),
        ({"ice_score": "9", "motor": "deep_focal_weakness"}, 4),
        ({"ice_score": "9", "cerebral_oedema": "focal"}, 3),
        ({"ice_score": "9", "cerebral_oedema": "diffuse"}, 4),
    ],
)
def test_icans_is_the_worst_of_its_findings(findings: dict[str, str], grade: int) -> None:
    assert special_grade(TABLES[Scale.ICANS], findings).grade == grade


def test_crs_without_fever_has_no_grade_and_a_reason() -> None:
    found = special_grade(TABLES[Scale.CRS], {"fever": "absent", "hypoxia": "high_flow"})

    assert (found.grade, found.reason) == (None, "fever_missing")


@pytest.mark.parametrize("scale", Scale)
def test_no_guess_is_made(scale: Scale) -> None:
    assert special_grade(TABLES[scale], {}).grade is None
    assert special_grade(TABLES[scale], {"unheard of": "x"}).reason == "finding_unknown"
    assert special_grade(TABLES[scale], {}, died_of_it=True).grade == 5


@pytest.mark.parametrize("scale", Scale)
def test_adding_a_finding_never_lowers_a_grade(scale: Scale) -> None:
    grades = TABLES[scale].grades
    for name, values in grades.items():
        for value in values:
            for other, more in grades.items():
                for added in more:
                    alone = special_grade(TABLES[scale], {name: value}).grade
                    both = special_grade(TABLES[scale], {name: value, other: added} | {name: value}).grade
                    assert alone is None or other == name or (both or 0) >= alone
