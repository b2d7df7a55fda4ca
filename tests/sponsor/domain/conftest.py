import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.sponsor.domain.escalation.table import DecisionTable, table_from_rows
from services.sponsor.domain.ids import ParticipantId, PartLevel
from services.sponsor.domain.standing import Standing, Verdict

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
