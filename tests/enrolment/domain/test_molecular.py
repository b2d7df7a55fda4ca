from datetime import date

import pytest

from services.enrolment.domain.molecular import (
    FindingResult,
    MolecularCriterion,
    MolecularFinding,
    unmet_biomarkers,
)

BRAF = MolecularCriterion(gene="BRAF", alteration="mutation", detail="V600E")
NO_BRAF = MolecularCriterion(gene="BRAF", alteration="mutation", detail="V600E", must_be_present=False)
ANY_ALK = MolecularCriterion(gene="ALK", alteration="fusion")
NO_ALK = MolecularCriterion(gene="ALK", alteration="fusion", must_be_present=False)


def found(gene: str, result: str, detail: str = "", alteration: str = "") -> MolecularFinding:
    return MolecularFinding(
        gene=gene,
        alteration=alteration or {"BRAF": "mutation", "ALK": "fusion"}[gene],
        detail=detail,
        result=FindingResult(result),
        method="sequencing",
        determined_on=date(2026, 6, 1),
    )


@pytest.mark.parametrize(
    ("criterion", "findings", "met"),
    [
        (BRAF, [found("BRAF", "present", "V600E")], True),
        (BRAF, [found("BRAF", "present")], False),  # some mutation, not this one
        (BRAF, [found("BRAF", "present", "V600K")], False),
        (BRAF, [found("BRAF", "not_determined", "V600E")], False),
        (BRAF, [found("BRAF", "present", "V600E", "amplification")], False),
        (BRAF, [], False),
        (NO_BRAF, [found("BRAF", "absent", "V600E")], True),
        (NO_BRAF, [found("BRAF", "absent")], True),  # none of any kind
        (NO_BRAF, [found("BRAF", "absent", "V600K")], False),
        (NO_BRAF, [found("BRAF", "absent"), found("BRAF", "present", "V600E")], False),
        (NO_BRAF, [found("BRAF", "not_determined", "V600E")], False),
        (NO_BRAF, [], False),
        (ANY_ALK, [found("ALK", "present", "EML4")], True),
        (NO_ALK, [found("ALK", "absent", "EML4")], False),
        (NO_ALK, [found("ALK", "absent"), found("ALK", "present", "EML4")], False),
        (NO_ALK, [found("ALK", "absent")], True),
    ],
)
def test_one_criterion_and_what_was_found(
    criterion: MolecularCriterion, findings: list[MolecularFinding], met: bool
) -> None:
    assert (unmet_biomarkers([criterion], findings) == ()) is met


def test_the_later_finding_about_the_same_alteration_counts() -> None:
    first, later = found("BRAF", "not_determined", "V600E"), found("BRAF", "present", "V600E")

    assert unmet_biomarkers([BRAF], [first, later]) == ()
    assert unmet_biomarkers([BRAF], [later, first]) == (BRAF,)


def test_every_criterion_must_be_as_stated() -> None:
    findings = [found("BRAF", "present", "V600E")]

    assert unmet_biomarkers([BRAF, NO_ALK], findings) == (NO_ALK,)
    assert str(NO_ALK) == "ALK fusion absent"
