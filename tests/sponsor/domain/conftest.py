import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.sponsor.domain.decision import Decision, DecisionKind, DecisionState
from services.sponsor.domain.escalation.rolling_six import PartHistory, recommend
from services.sponsor.domain.escalation.table import DecisionTable, table_from_rows
from services.sponsor.domain.ids import DecisionId, ParticipantId, PartLevel, PersonId, TrialId
from services.sponsor.domain.protocol_terms import PartTerms
from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.roles import Role
from services.sponsor.domain.standing import Standing, Verdict

DECIDED_AT = datetime(2026, 3, 2, tzinfo=UTC)
DESIGN = Path(__file__).parents[3] / "services" / "sponsor" / "designs" / "rolling-six.2008.1.json"


@pytest.fixture(scope="session")
def rolling_six() -> DecisionTable:
    """The shipped table, read as the service reads it."""
    shipped = json.loads(DESIGN.read_text(encoding="utf-8"))
    return table_from_rows(shipped["id"], shipped["version"], [tuple(row) for row in shipped["cells"]])


@pytest.fixture(scope="session")
def standing() -> Callable[..., Standing]:
    """One dosed participant of part "a"; keyword arguments replace the defaults."""

    def build(number: int, verdict: Verdict = Verdict.NO_DLT, level: int = 1, **given: object) -> Standing:
        values: dict[str, object] = {
            "participant_id": ParticipantId(f"p{number:02}"),
            "place": PartLevel(part="a", level=level),
            "verdict": verdict,
            "first_dose_at": datetime(2026, 3, 1, 9, tzinfo=UTC),
            "registration_version": 1,
            "verdict_version": 1,
        }
        return Standing(**{**values, **given})  # type: ignore[arg-type]

    return build


@pytest.fixture
def terms(rolling_six: DecisionTable) -> PartTerms:
    return PartTerms(
        part="a", stratum="all", labels=("50", "75", "95"), start_level=1, target=None, rule=rolling_six
    )


@pytest.fixture
def decide(rolling_six: DecisionTable) -> Callable[..., Decision]:
    def build(kind: DecisionKind, level: int = 1, *, part: str = "a", in_force: bool = True) -> Decision:
        return Decision(
            id=DecisionId(f"{kind}-{part}-{level}"),
            trial_id=TrialId("t1"),
            place=PartLevel(part=part, level=level),
            kind=kind,
            places=0,
            rule=None,
            recommendation=recommend(rolling_six, {}, PartHistory(), 3),
            reasons=(),
            snapshot_sha256="0" * 64,
            text="x",
            rules=SigningRules(required_roles=(Role.SRC_CHAIR,), minimum_signers=2),
            proposed_by=PersonId("chair"),
            proposed_at=DECIDED_AT,
            state=DecisionState.IN_FORCE if in_force else DecisionState.PROPOSED,
            in_force_at=DECIDED_AT if in_force else None,
        )

    return build
