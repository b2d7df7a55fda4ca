"""Assessments: each party's view of an event as records of their own, one version after the other.

A view of seriousness or an outcome is of the event; causality and expectedness may be of one suspect product, and
without one are of all. Nobody writes another party's view; the safety desk may note what an investigator said by
telephone, which lowers nothing until that investigator confirms it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.safety.domain.adverse_event import Outcome
from services.safety.domain.causality import (
    Causality,
    Party,
    Standing,
)
from services.safety.domain.expectedness import Expectedness
from services.safety.domain.ids import PersonId
from services.safety.domain.refusals import Refused
from services.safety.domain.seriousness import Criterion

ALL_PRODUCTS = ""
CONFIRMED = "confirmed by the investigator"


class AssessmentKind(StrEnum):
    SERIOUSNESS = "seriousness"
    CAUSALITY = "causality"
    EXPECTEDNESS = "expectedness"
    OUTCOME = "outcome"


class Source(StrEnum):
    """Where a record comes from: what a report says, or an assessment of its own."""

    REPORT = "report"
    ASSESSMENT = "assessment"


OF_A_PRODUCT = frozenset({AssessmentKind.CAUSALITY, AssessmentKind.EXPECTEDNESS})
PARTIES = {
    AssessmentKind.SERIOUSNESS: frozenset(Party),
    AssessmentKind.CAUSALITY: frozenset(Party),
    AssessmentKind.EXPECTEDNESS: frozenset({Party.SPONSOR}),
    AssessmentKind.OUTCOME: frozenset({Party.INVESTIGATOR}),
}
"""Who judges what: expectedness is the sponsor's, the outcome the investigator's."""

_VALUES: dict[AssessmentKind, frozenset[str]] = {
    AssessmentKind.SERIOUSNESS: frozenset(one.value for one in Criterion),
    AssessmentKind.CAUSALITY: frozenset(one.value for one in Causality) - {Causality.NOT_ASSESSED.value},
    AssessmentKind.EXPECTEDNESS: frozenset(one.value for one in Expectedness),
    AssessmentKind.OUTCOME: frozenset(one.value for one in Outcome) - {Outcome.NOT_STATED.value},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One version; `value` holds the criteria of a seriousness (none: not serious), else one word.

    `event_version` is the version of the event that the assessor had before them.
    """

    kind: AssessmentKind
    party: Party
    product: str
    version: int
    value: tuple[str, ...]
    standing: Standing
    opinion_of: PersonId
    recorded_by: PersonId
    recorded_at: datetime
    reason: str
    event_version: int
    source: Source

    @property
    def key(self) -> tuple[AssessmentKind, Party, str]:
        return (self.kind, self.party, self.product)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What somebody wants to record; `stated_by` is the investigator whom the desk heard."""

    kind: AssessmentKind
    party: Party
    product: str
    value: tuple[str, ...]
    stated_by: PersonId | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessor:
    """Who writes, and which parties' views are theirs to write."""

    person: PersonId
    writes_for: frozenset[Party]
    is_desk: bool


def decide_assessment(
    stated: Stated,
    assessor: Assessor,
    held: Sequence[Assessment],
    *,
    products: Sequence[str],
    event_version: int,
    now: datetime,
) -> Assessment:
    """The next version of a view.

    Args:
        stated: what is to be recorded.
        assessor: who writes.
        held: every assessment of the event so far, in any order.
        products: the trial's suspect products.
        event_version: that the assessor has seen.
        now: domain time, aware UTC.

    Raises:
        Refused: `assessment_invalid`, `investigator_causality_protected`, `sponsor_causality_protected`,
            `reason_required`, `nothing_changed`.
    """
    require_valid(stated, products)
    previous = latest(held, stated.kind, stated.party, stated.product)
    standing = _standing(stated, assessor)
    confirms = previous is not None and previous.standing is Standing.STATED and standing is Standing.OWN
    if previous is not None and previous.value == stated.value and not confirms:
        raise Refused("nothing_changed", "This view is on record already.")
    reason = stated.reason.strip() or (CONFIRMED if confirms and _same(previous, stated) else "")
    if previous is not None and not reason:
        raise Refused("reason_required", "A view changes only with a reason.")
    if standing is Standing.STATED and previous is not None and lowers(previous.value, stated):
        raise Refused("investigator_causality_protected", "A telephone note may not lower a view.")
    return Assessment(
        kind=stated.kind,
        party=stated.party,
        product=stated.product,
        version=1 if previous is None else previous.version + 1,
        value=stated.value,
        standing=standing,
        opinion_of=stated.stated_by if standing is Standing.STATED and stated.stated_by else assessor.person,
        recorded_by=assessor.person,
        recorded_at=now,
        reason=reason,
        event_version=event_version,
        source=Source.ASSESSMENT,
    )


def require_valid(stated: Stated, products: Sequence[str]) -> None:
    """Raises: Refused `assessment_invalid` for a value, a product or a party that the kind does not have."""
    known = _VALUES[stated.kind]
    several = stated.kind is AssessmentKind.SERIOUSNESS
    if not set(stated.value) <= known or (not several and len(stated.value) != 1):
        raise Refused("assessment_invalid", f"{stated.kind.value}: {', '.join(sorted(known))}.")
    if stated.product and (stated.kind not in OF_A_PRODUCT or stated.product not in products):
        raise Refused("assessment_invalid", "The protocol names no such suspect product.")
    if stated.party not in PARTIES[stated.kind]:
        raise Refused("assessment_invalid", f"The {stated.party.value} does not judge {stated.kind.value}.")


def latest(held: Sequence[Assessment], kind: AssessmentKind, party: Party, product: str) -> Assessment | None:
    """The version in force of one party's view of one product."""
    same = [one for one in held if one.key == (kind, party, product)]
    return max(same, key=lambda one: one.version, default=None)


def lowers(before: tuple[str, ...], stated: Stated) -> bool:
    """Whether a view says less than the one before."""
    if stated.kind is AssessmentKind.CAUSALITY:
        order = [one.value for one in Causality]
        return bool(before) and order.index(stated.value[0]) < order.index(before[0])
    return stated.kind is AssessmentKind.SERIOUSNESS and not set(before) <= set(stated.value)


def _standing(stated: Stated, assessor: Assessor) -> Standing:
    if stated.party in assessor.writes_for:
        return Standing.OWN
    if stated.party is Party.INVESTIGATOR:
        if assessor.is_desk and stated.stated_by is not None:
            return Standing.STATED
        raise Refused("investigator_causality_protected", "Only the investigator writes this view.")
    raise Refused("sponsor_causality_protected", "Only the sponsor writes this view.")


def _same(previous: Assessment | None, stated: Stated) -> bool:
    return previous is not None and previous.value == stated.value
