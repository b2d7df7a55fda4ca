"""Record what a laboratory found about an alteration, for somebody in screening."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from services.enrolment.commands.permission import running_screening
from services.enrolment.domain.age import local_date
from services.enrolment.domain.molecular import Alteration, FindingResult
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.store.consent_records import new_finding
from services.enrolment.store.trials import site_zone
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMolecularFinding:
    """`gene` is the approved HGNC symbol, `detail` empty where the finding is of any alteration of the kind."""

    screening_id: str
    gene: str
    alteration: Alteration
    detail: str
    result: FindingResult
    method: str
    determined_on: date


async def record_molecular_finding(tx: Tx, command: RecordMolecularFinding, act: Act) -> str:
    """The id of the finding; a later one about the same alteration and detail counts in its place.

    Raises:
        Refused: `screening_ended`, `possible_duplicate`, `time_in_future`.
    """
    allowed, screening = await running_screening(tx, act, SITE_STAFF, command.screening_id)
    zone = ZoneInfo(await site_zone(tx, screening.trial_id, screening.site_id))
    if command.determined_on > local_date(act.now, zone):
        raise Refused("time_in_future", "The day of the result lies in the future.")
    finding_id = act.new_id()
    writes = new_finding(
        tx,
        {
            "id": finding_id,
            "screening_id": screening.id,
            "gene": command.gene,
            "alteration": command.alteration.value,
            "detail": command.detail,
            "result": command.result.value,
            "method": command.method,
            "determined_on": command.determined_on,
            "recorded_by": act.actor,
            "recorded_at": act.now,
        },
    )
    details = {"finding_id": finding_id, "gene": command.gene, "result": command.result.value}
    await record_audit(tx, allowed.act, screening.id, "molecular-finding.recorded", details, *writes)
    return finding_id
