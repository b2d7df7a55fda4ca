"""What a kind of trial asks for: which approvals it opens with, and what its protocol may and must have.

The rows are versioned data (`rules/trial-kinds.v1.json`); a row or an approval whose `status` is `verify` is
shown as such until a sponsor's quality lead has confirmed it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.refusals import Refused


class Covers(StrEnum):
    """What an approval is bound to: the documents of one protocol version, or the trial as a whole."""

    DOCUMENTS = "documents"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalKind:
    """One kind of approval, with where it was read."""

    kind: str
    title: str
    covers: Covers
    source: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRules:
    """What one kind of trial asks for, for a trial that is a trial of a medicine or is not.

    Attributes:
        approvals: what opening needs; the first of them puts a protocol version in force.
        levels: its protocol may have dose levels.
        randomisation_needed: a protocol without a randomisation is not of this kind.
        follow_up_years: shortest follow-up that the protocol must plan; 0 when nothing is asked.
        registration: opening needs a public registration, made or due.
        regime: reporting regime that such a trial usually has.
        source: why, or where it was read.
        status: `confirmed`, `project` or `verify`.
    """

    kind: str
    approvals: tuple[ApprovalKind, ...]
    levels: bool
    randomisation_needed: bool
    follow_up_years: int
    registration: bool
    regime: str
    source: str
    status: str

    @property
    def leading(self) -> ApprovalKind:
        """The approval by which a protocol version comes into force."""
        return self.approvals[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialKinds:
    """The whole table.

    Attributes:
        approvals: every kind of approval that may be recorded.
        medicines: rules per kind for trials of medicines.
        others: rules per kind for all other trials.
        letters: who signs in the letter of another organisation that decides.
    """

    version: int
    approvals: Mapping[str, ApprovalKind]
    medicines: Mapping[str, KindRules]
    others: Mapping[str, KindRules]
    letters: SigningRules

    def rules(self, kind: str, *, ctimp: bool) -> KindRules:
        return (self.medicines if ctimp else self.others)[kind]

    def approval(self, kind: str) -> ApprovalKind:
        """One kind of approval.

        Raises:
            Refused: `approval_kind_unknown` with the kinds there are.
        """
        if kind not in self.approvals:
            raise Refused("approval_kind_unknown", "No approval is called so.", known=sorted(self.approvals))
        return self.approvals[kind]
