"""What one version's protocol file asks about a person, as the rules take it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from services.enrolment.domain.consent import ConsentDocument, ConsentPurpose, RequiredFor
from services.enrolment.domain.criteria import AnswerKind, Criterion
from services.enrolment.domain.molecular import MolecularCriterion
from services.enrolment.domain.person_terms import AdultConsentTerms, PersonTerms

Block = Mapping[str, Any]


def read_person_terms(document: Block) -> PersonTerms:
    """From the copy of a protocol file; blocks that a file of an earlier form lacks read as their defaults."""
    consent = document["consent"]
    adult = consent.get("adult_consent")
    criteria = (read_criterion(one) for one in document["eligibility"]["criteria"])
    return PersonTerms(
        criteria={one.id: one for one in criteria},
        biomarkers={
            part["part"]: tuple(_biomarker(one) for one in part.get("biomarkers", ()))
            for part in document["parts"]
        },
        competent_minor_may_consent=consent.get("competent_minor_may_consent", False),
        both_parents_required=frozenset(consent.get("both_parents_required", ())),
        adult_consent=AdultConsentTerms(
            task_days_before=adult["task_days_before"], blocks=frozenset(adult["blocks"])
        )
        if adult
        else AdultConsentTerms(),
        sample_uses={one["use"]: one["text"] for one in consent.get("sample_uses", ())},
    )


def read_form(form: Block) -> ConsentDocument:
    reconsent = form.get("must_reconsent_by")
    return ConsentDocument(
        document=form["document"],
        version=form["version"],
        purpose=ConsentPurpose(form["purpose"]),
        from_years=form["from_years"],
        below_years=form["below_years"],
        required_for=frozenset(RequiredFor(it) for it in form.get("required_for", ("new",))),
        must_reconsent_by=date.fromisoformat(reconsent) if reconsent else None,
        languages=frozenset(form.get("languages", ())),
    )


def read_criterion(one: Block) -> Criterion:
    return Criterion(
        id=one["id"],
        kind=AnswerKind(one.get("answer", "yes_no")),
        text=one.get("text", ""),
        unit=one.get("unit") or "",
        at_least=_decimal(one.get("at_least")),
        at_most=_decimal(one.get("at_most")),
        options=frozenset(one.get("options", ())),
        accepted=frozenset(one.get("accepted", ())),
        within_days=one.get("within_days"),
        valid_days=one.get("valid_days"),
        part=one.get("part") or "",
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _biomarker(one: Block) -> MolecularCriterion:
    return MolecularCriterion(
        gene=one["gene"],
        alteration=one["alteration"],
        detail=one.get("detail") or "",
        must_be_present=one.get("must_be", "present") == "present",
    )
