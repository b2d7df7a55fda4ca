"""What a registration is decided on beside the trial's board, in one statement."""

from dataclasses import dataclass

from services.enrolment.domain.age import BirthMonth
from services.enrolment.domain.identity import IdentityKind
from services.enrolment.domain.protocol_terms import VersionRules
from services.enrolment.store.people import PersonRecord, person_parts, record_of
from services.enrolment.store.trials import each_until_the_next
from shared.database import Tx
from shared.joint_reads import Part, each, fetch_together, instant, optional_instant, read_together


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRecords:
    """The versions of the protocol, the person, and the decisions that the site has received.

    `known_by_number` says whether the person may be known in other trials, by the hash of the NHS number.
    """

    versions: list[VersionRules]
    person: PersonRecord
    received: frozenset[str]
    known_by_number: bool


async def read_registration(
    tx: Tx, screening_id: str, born: BirthMonth, trial_id: str, site_number: str
) -> RegistrationRecords:
    """Everything of one screening; the caller holds it and the trial locked."""
    found = await fetch_together(
        tx, _RECORDS, screening_id, trial_id, site_number, IdentityKind.NHS_NUMBER.value
    )
    versions = each_until_the_next(
        (
            instant(row["effective_at"]),
            row["protocol_version"],
            optional_instant(row["previous_sunset_at"]),
            row["terms"],
        )
        for row in each(found, "version")
    )
    return RegistrationRecords(
        versions=versions,
        person=record_of(found, born),
        received=frozenset(row["decision_id"] for row in each(found, "receipt")),
        known_by_number=bool(found.get("hashed")),
    )


_RECORDS = read_together(
    *person_parts("= $1"),
    Part(
        name="version",
        columns=("protocol_version", "effective_at", "previous_sunset_at", "terms"),
        source="protocol_copy WHERE trial_id = $2",
    ),
    Part(
        name="receipt",
        columns=("decision_id",),
        source="decision_receipt WHERE trial_id = $2 AND site_number = $3",
    ),
    Part(name="hashed", columns=("id",), source="identity_hash WHERE screening_id = $1 AND kind = $4"),
)
