import pytest

from services.safety.domain.ctcae import Advice, Dictionary, build_dictionary, require_defined, suggest
from services.safety.domain.refusals import Refused


def test_a_term_is_found_whatever_its_letter_case(ctcae_5: Dictionary) -> None:
    found = ctcae_5.find("  neutrophil COUNT decreased ")

    assert found is not None
    assert found.name == "Neutrophil count decreased"
    assert found.soc == "Investigations"
    assert found.grades == {1, 2, 3, 4}


def test_a_similar_term_is_not_found(ctcae_5: Dictionary) -> None:
    assert ctcae_5.find("Neutrophil decreased") is None
    assert ctcae_5.find("") is None


def test_platelets_and_lymphocytes_have_other_terms_in_the_two_versions(
    ctcae_5: Dictionary, ctcae_6: Dictionary
) -> None:
    lymphopenia = ctcae_6.find("Lymphopenia")
    thrombocytopenia = ctcae_6.find("Thrombocytopenia")

    assert ctcae_5.find("Lymphopenia") is None
    assert ctcae_6.find("Lymphocyte count decreased") is None
    assert ctcae_6.find("Platelet count decreased") is None
    assert lymphopenia is not None
    assert lymphopenia.grades == {1}
    assert thrombocytopenia is not None
    assert thrombocytopenia.grades == {1, 2, 3, 4, 5}
    assert thrombocytopenia.soc == "Blood and lymphatic system disorders"


def test_a_grade_that_exists_in_one_version_only_is_defined_there_only(
    ctcae_5: Dictionary, ctcae_6: Dictionary
) -> None:
    assert require_defined(ctcae_6, "Rash maculo-papular", 4).name == "Rash maculo-papular"

    with pytest.raises(Refused) as refused:
        require_defined(ctcae_5, "Rash maculo-papular", 4)

    assert refused.value.code == "grade_not_defined_for_term"
    assert refused.value.facts["defined_grades"] == [1, 2, 3]


def test_a_calculator_refuses_a_term_that_the_dictionary_lacks(ctcae_5: Dictionary) -> None:
    with pytest.raises(Refused, match="term_not_in_dictionary"):
        require_defined(ctcae_5, "Feeling unwell", 2)


def test_an_undefined_grade_5_suggests_coding_the_cause_of_death(ctcae_6: Dictionary) -> None:
    fatigue = ctcae_6.find("Fatigue")

    assert fatigue is not None
    assert suggest(fatigue, 5).advice is Advice.CODE_THE_CAUSE_OF_DEATH
    assert suggest(fatigue, 4).advice is Advice.USE_A_DEFINED_GRADE
    assert suggest(fatigue, 4).defined_grades == (1, 2, 3)


@pytest.mark.parametrize(
    ("name", "named"), [("5.0", True), ("5.0+0", True), ("6.0", False), ("5.0+1", False)]
)
def test_a_dictionary_is_named_by_its_version_with_or_without_patch(
    ctcae_5: Dictionary, name: str, named: bool
) -> None:
    assert ctcae_5.is_named_by(name) is named


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"term": "Rash", "soc": "Skin", "grades": ""}],
        [{"term": "Rash", "soc": "Skin", "grades": "21"}],
        [{"term": "Rash", "soc": "Skin", "grades": "16"}],
        [{"term": "", "soc": "Skin", "grades": "1"}],
        [{"term": "Rash", "soc": "Skin", "grades": "1"}, {"term": "rash", "soc": "Skin", "grades": "1"}],
    ],
)
def test_a_broken_dictionary_is_not_built(rows: list[dict[str, str]]) -> None:
    with pytest.raises(ValueError, match=r"no terms|not a dictionary row|twice"):
        build_dictionary("5.0", rows)
