"""Proof that emergency unblinding works: tried before a blinded trial recruits."""

from dataclasses import dataclass
from datetime import date, datetime

from services.sponsor.domain.ids import EvidenceId, PersonId, TrialId
from services.sponsor.domain.refusals import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class UnblindingTest:
    """One test, proved by a document; it says nothing about anybody's allocation."""

    trial_id: TrialId
    evidence_id: EvidenceId
    tested_on: date
    recorded_by: PersonId
    recorded_at: datetime


def require_tested(test: UnblindingTest, today: date) -> None:
    """Refuse a test that has not taken place by the trial's local date.

    Raises:
        Refused: `evidence_dated_ahead`.
    """
    if test.tested_on > today:
        raise Refused("evidence_dated_ahead", "The test has not taken place yet.", tested_on=test.tested_on)
