"""What binds a record that is made for a screening, in one statement that also locks the screening."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.enrolment.domain.protocol_terms import VersionRules
from services.enrolment.store.people import LOCK_SCREENING, SCREENING_COLUMNS, NamedScreening, screening_of
from services.enrolment.store.trials import Delegation, each_until_the_next, in_force
from shared.database import Tx
from shared.joint_reads import Part, each, fetch_together, instant, optional_instant, read_together


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The screening, its trial's versions, those that its site may use, and a person's duties in the trial."""

    named: NamedScreening
    versions: Sequence[VersionRules]
    green_lit: frozenset[str]
    delegations: Sequence[Delegation]


async def lock_binding(tx: Tx, screening_id: str, person: str, now: datetime) -> Binding | None:
    """The screening, locked until the transaction ends, and what binds it; None when there is none."""
    found = await fetch_together(tx, _BINDING, screening_id, person)
    screening = next(each(found, "screening"), None)
    if screening is None:
        return None
    return Binding(
        named=screening_of([screening[name] for name in SCREENING_COLUMNS]),
        versions=each_until_the_next(
            (
                instant(row["effective_at"]),
                row["protocol_version"],
                optional_instant(row["previous_sunset_at"]),
                row["terms"],
            )
            for row in each(found, "version")
        ),
        green_lit=frozenset(row["protocol_version"] for row in each(found, "green_light")),
        delegations=[
            Delegation(role=row["role"], site_number=row["site_number"] or "")
            for row in each(found, "delegation")
            if in_force(instant(row["from_at"]), optional_instant(row["until_at"]), now)
        ],
    )


_OF_ITS_TRIAL = "JOIN screening s ON s.trial_id = c.trial_id WHERE s.id = $1"
_BINDING = read_together(
    Part(name="screening", columns=SCREENING_COLUMNS, source=f"({LOCK_SCREENING}) AS locked"),
    Part(
        name="version",
        columns=("c.protocol_version", "c.effective_at", "c.previous_sunset_at", "c.terms"),
        source=f"protocol_copy c {_OF_ITS_TRIAL}",
    ),
    Part(
        name="green_light",
        columns=("c.protocol_version",),
        source=f"green_light_copy c {_OF_ITS_TRIAL} AND c.site_number = s.site_number",
    ),
    Part(
        name="delegation",
        columns=("c.role", "c.site_number", "c.from_at", "c.until_at"),
        source=f"delegation_copy c {_OF_ITS_TRIAL} AND c.person = $2 AND NOT c.ended",
    ),
)
