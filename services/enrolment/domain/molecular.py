"""Molecular criteria of a part, and the findings of a screening that meet them or do not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Alteration(StrEnum):
    MUTATION = "mutation"
    AMPLIFICATION = "amplification"
    DELETION = "deletion"
    FUSION = "fusion"
    OVEREXPRESSION = "overexpression"
    WILD_TYPE = "wild_type"
    POSITIVE = "positive"
    NEGATIVE = "negative"


class FindingResult(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"
    NOT_DETERMINED = "not_determined"


@dataclass(frozen=True, slots=True, kw_only=True)
class MolecularCriterion:
    """An alteration that must be there or must not; `detail` narrows it (`V600E`), empty means any."""

    gene: str
    alteration: str
    detail: str = ""
    must_be_present: bool = True

    def __str__(self) -> str:
        named = " ".join(word for word in (self.gene, self.alteration, self.detail) if word)
        return f"{named} {'present' if self.must_be_present else 'absent'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MolecularFinding:
    """What a laboratory found; without a `detail` it speaks of every alteration of that kind.

    `method` is the laboratory's word for the test; `determined_on` the local date of the result.
    """

    gene: str
    alteration: str
    detail: str
    result: FindingResult
    method: str
    determined_on: date


def unmet_biomarkers(
    criteria: Iterable[MolecularCriterion], findings: Iterable[MolecularFinding]
) -> tuple[MolecularCriterion, ...]:
    """The criteria of a part that the findings do not show to be as stated; every one must be.

    Args:
        criteria: of the part.
        findings: in the order recorded; of several about the same alteration and detail the last counts.
    """
    latest = {(one.gene, one.alteration, one.detail): one for one in findings}
    known = tuple(latest.values())
    return tuple(one for one in criteria if not _as_stated(one, known))


def _as_stated(criterion: MolecularCriterion, findings: tuple[MolecularFinding, ...]) -> bool:
    """Present needs a finding that is at least as narrow; absent one at least as wide, and none against it."""
    about = [one for one in findings if (one.gene, one.alteration) == (criterion.gene, criterion.alteration)]
    there = any(one.result is FindingResult.PRESENT and criterion.detail in ("", one.detail) for one in about)
    if criterion.must_be_present:
        return there
    absent = any(one.result is FindingResult.ABSENT and one.detail in ("", criterion.detail) for one in about)
    return absent and not there
