"""From a protocol file as stored to the terms that the rules need."""

from collections.abc import Mapping
from typing import Any

from services.sponsor.domain.boundary import checked_limits
from services.sponsor.domain.ids import PartLevel
from services.sponsor.domain.protocol_terms import Boundary, PartTerms, ProtocolTerms
from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role
from services.sponsor.store.designs import stated_design
from services.sponsor.store.trial_kinds import trial_kinds

Document = Mapping[str, Any]


class TermsUnusable(Exception):
    """Rules of the file that cannot be used, each as (path in the file, refusal)."""

    def __init__(self, problems: list[tuple[str, Refused]]) -> None:
        super().__init__(", ".join(path for path, _ in problems))
        self.problems = problems


def read_terms(document: Document) -> ProtocolTerms:
    """The terms of a protocol file that has the right form.

    Raises:
        TermsUnusable: a design that is not shipped, cells or boundaries that cannot be used.
    """
    problems: list[tuple[str, Refused]] = []
    parts: dict[str, PartTerms] = {}
    for index, part in enumerate(document["parts"]):
        try:
            parts[part["part"]] = _part(part)
        except Refused as refused:
            named = "dose_design" if part.get("dose_design") else "design"
            step = "monitoring" if refused.code == "boundary_unusable" else named
            problems.append((f"parts.{index}.{step}", refused))
    if problems:
        raise TermsUnusable(problems)
    trial, randomisations = document["trial"], document.get("randomisations", ())
    follow_up = document.get("follow_up")
    treatment, decision = document.get("treatment") or {}, document.get("decision") or {}
    return ProtocolTerms(
        code=trial["code"],
        kind=trial["kind"],
        ctimp=trial["ctimp"],
        hosted=trial.get("hosted", False),
        version=document["protocol_version"],
        title=trial["title"],
        zone=document["zone"],
        registry_ids=tuple(trial.get("registry_ids", ())),
        regimes=tuple(document["reporting_regimes"]),
        documents=frozenset(
            {("protocol", document["protocol_version"])}
            | {(form["document"], form["version"]) for form in document["consent"]["documents"]}
        ),
        signing=_signing(document),
        blinded=any(it["blinded"] for it in randomisations),
        randomised=bool(randomisations),
        follow_up_years=follow_up["years"] if follow_up else 0,
        parts=parts,
        product=treatment.get("product", ""),
        doses_planned=treatment.get("doses_planned_in_window"),
        charter_required=decision.get("charter_required", False),
        receipts_needed=decision.get("circulation_receipts", True),
    )


def _signing(document: Document) -> SigningRules | None:
    """Who signs dose decisions: the committee the file names, or the trial office for another's letters."""
    if document["trial"].get("hosted", False):
        return trial_kinds().letters
    decision = document.get("decision")
    if decision is None:
        return None
    return SigningRules(
        required_roles=tuple(Role(role) for role in decision["required_roles"]),
        minimum_signers=decision["minimum_signers"],
    )


def _part(part: Document) -> PartTerms:
    return PartTerms(
        part=part["part"],
        stratum=part["stratum"],
        labels=tuple(level["label"] for level in part.get("levels", ())),
        start_level=part.get("start_level", 1),
        target=part.get("target"),
        **_rule_and_design(part),
    )


def _rule_and_design(part: Document) -> dict[str, Any]:
    if part["kind"] == "cohort":
        return {"rule": None}
    stated = part.get("design") or part.get("dose_design")
    if not stated:
        return {"rule": _boundary(part["monitoring"])}
    table, design = stated_design(stated, len(part["levels"]), part.get("start_level", 1))
    return {"rule": table, "design": design}


def _boundary(monitoring: Document) -> Boundary:
    stated = {int(evaluable): dlts for evaluable, dlts in monitoring["close_if_dlts_at_least"].items()}
    counted = monitoring.get("counts", ())
    return Boundary(
        text=monitoring["source"],
        limits=checked_limits(stated, monitoring["max_evaluable"]),
        max_evaluable=monitoring["max_evaluable"],
        counted_with=tuple(PartLevel(part=place["part"], level=place["level"]) for place in counted),
    )
