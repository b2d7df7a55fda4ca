import csv
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.safety.domain.causality import Writer
from services.safety.domain.ctcae import Dictionary, build_dictionary
from services.safety.domain.dlt_definition import DltDefinition, parse_definition
from services.safety.domain.ids import PersonId
from services.safety.domain.report import (
    Author,
    Dosing,
    ParticipantContext,
    Report,
    ReportContext,
    ReportedGrade,
)

DICTIONARIES = Path(__file__).parents[3] / "services" / "safety" / "dictionaries"


def _dictionary(name: str, pinned: str) -> Dictionary:
    with (DICTIONARIES / name).open(encoding="utf-8", newline="") as rows:
        return build_dictionary(pinned, list(csv.DictReader(rows)))


@pytest.fixture(scope="session")
def ctcae_5() -> Dictionary:
    return _dictionary("ctcae-5.0.csv", "5.0+0")


@pytest.fixture(scope="session")
def ctcae_6() -> Dictionary:
    return _dictionary("ctcae-6.0.csv", "6.0+2026-01-20")


@pytest.fixture
def dlt_rules() -> dict[str, object]:
    """The `dlt` object of a protocol file, with the criteria that paediatric phase I protocols print."""
    return {
        "dlt_definition": {"id": "ep01", "version": 3, "protocol_version": "4.0", "ctcae": "5.0+0"},
        "window": {
            "starts": "first_dose",
            "day_one": "local_date_of_first_dose",
            "days": 28,
            "closes": "end_of_local_day",
        },
        "minimum_exposure": {"doses_percent": 75},
        "duration_convention": "day_difference",
        "attribution": {"counts": ["possible", "probable", "definite"], "missing": "counts"},
        "criteria": [
            {
                "id": "nonhaem-g3",
                "any_term": True,
                "soc_not": ["Blood and lymphatic system disorders"],
                "grade_at_least": 3,
                "except": ["nausea-vomiting-controlled", "alt-brief"],
            },
            {
                "id": "anc-long",
                "term": "Neutrophil count decreased",
                "grade_at_least": 4,
                "lasting_more_than_days": 5,
            },
            {"id": "delay", "kind": "dose_delay", "cause": "toxicity", "more_than_days": 14},
        ],
        "not_evaluable": [
            "left_before_window_end_without_dlt",
            "exposure_below_minimum",
            "death_from_progression",
        ],
    }


@pytest.fixture
def definition_with(dlt_rules: dict[str, object]) -> Callable[..., DltDefinition]:
    """The definition above with some of its top-level keys replaced."""

    def build(**replaced: object) -> DltDefinition:
        return parse_definition({**dlt_rules, **replaced})

    return build


@pytest.fixture
def definition(definition_with: Callable[..., DltDefinition]) -> DltDefinition:
    return definition_with()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 12, 10, 0, tzinfo=UTC)


@pytest.fixture
def investigator() -> Author:
    return Author(person=PersonId("investigator-1"), writer=Writer.INVESTIGATOR)


@pytest.fixture
def nurse() -> Author:
    return Author(person=PersonId("nurse-1"), writer=Writer.OTHER)


@pytest.fixture
def context_with(ctcae_5: Dictionary) -> Callable[..., ReportContext]:
    """Context of a dosed participant in London under CTCAE 5.0, with some fields replaced."""

    def build(**replaced: object) -> ReportContext:
        fields: Mapping[str, object] = {
            "dictionary": ctcae_5,
            "zone": ZoneInfo("Europe/London"),
            "participant": ParticipantContext(dosing=Dosing.DOSED),
            "exclusion_ids": frozenset({"alt-brief"}),
            **replaced,
        }
        return ReportContext(**fields)  # type: ignore[arg-type]

    return build


@pytest.fixture
def context(context_with: Callable[..., ReportContext]) -> ReportContext:
    return context_with()


@pytest.fixture
def complete(investigator: Author) -> Report:
    """A report of a non-serious rash that leaves nothing to ask."""
    return Report(
        author=investigator,
        verbatim="red rash on both arms",
        aware_at="2026-03-12T09:00:00+00:00",
        term="Rash maculo-papular",
        dictionary="5.0+0",
        onset="2026-03-10",
        grades=(ReportedGrade(grade=2),),
        seriousness=[],
        causality="possible",
        outcome="not recovered",
    )
