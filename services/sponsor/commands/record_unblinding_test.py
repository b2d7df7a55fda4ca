"""Recording that emergency unblinding was tested; a blinded trial does not open without it."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from services.sponsor.commands.permission import OFFICE_AND_QUALITY, permitted_trial
from services.sponsor.domain.ids import EvidenceId, PersonId
from services.sponsor.domain.unblinding_test import UnblindingTest, require_tested
from services.sponsor.store.further_approvals import add_unblinding_test
from services.sponsor.store.protocol_versions import versions_of
from shared.act import Act
from shared.audit import record
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUnblindingTest:
    """`evidence_id` is the document that proves the test."""

    trial_id: str
    evidence_id: str
    tested_on: date


async def record_unblinding_test(tx: Tx, command: RecordUnblindingTest, act: Act) -> UnblindingTest:
    """Keep the proof of a test; the same proof a second time changes nothing.

    Raises:
        Refused: `evidence_dated_ahead`.
    """
    trial, act = await permitted_trial(tx, act, command.trial_id, OFFICE_AND_QUALITY)
    test = UnblindingTest(
        trial_id=trial.id,
        evidence_id=EvidenceId(command.evidence_id),
        tested_on=command.tested_on,
        recorded_by=PersonId(act.actor),
        recorded_at=act.now,
    )
    zone = ZoneInfo((await versions_of(tx, trial.id))[-1].terms.zone)
    require_tested(test, act.now.astimezone(zone).date())
    if await add_unblinding_test(tx, test):
        details = {"evidence_id": test.evidence_id, "tested_on": test.tested_on.isoformat()}
        await record(tx, act, trial.id, "trial.emergency-unblinding-tested", details)
    return test
