"""The map from CTCAE 5.0 to 6.0: per term and grade, as the official workbook has it, and only for looking ahead."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.safety.domain.adverse_event import AdverseEvent
from services.safety.domain.ctcae import Dictionary
from services.safety.domain.ctcae_mapping import Change, DictionaryMapping, build_mapping
from services.safety.domain.ctcae_preview import Adoption, WindowPreview, preview_event, preview_window
from services.safety.domain.dlt_definition import DltDefinition, parse_definition
from services.safety.domain.ids import AdverseEventId, WindowId
from services.safety.domain.intake import decide_report, first_version
from services.safety.domain.report import Author, Report, ReportContext, ReportedGrade, ReportedLaboratory
from services.safety.domain.treatment_course import Course
from services.safety.domain.window_judgement import WindowFacts
from services.safety.store.ctcae_mappings import mapping_between
from services.safety.store.laboratory_rules import laboratory_rules_for
from tests.oracles import oracle
from tests.safety.domain.reports import NOW

SHIPPED = Path(__file__).parents[3] / "services" / "safety" / "dictionaries" / "ctcae-5.0-to-6.0.csv"
FIRST_DOSE = NOW - timedelta(days=10)


def shipped_rows() -> list[dict[str, str]]:
    with SHIPPED.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


@pytest.fixture(scope="module")
def mapping() -> DictionaryMapping:
    found = mapping_between("5.0+0", "6.0+2026-01-20")
    assert found is not None
    return found


# -- the facts ------------------------------------------------------------------------------------


def test_the_counts_are_those_of_the_official_workbook() -> None:
    rows = shipped_rows()

    assert len(rows) == 4_070
    assert Counter(row["change"] for row in rows) == {
        "none": 3_029,
        "clarification": 785,
        "deletion": 244,
        "soc": 11,
        "soc+clarification": 1,
    }


def test_terms_that_disappear_split_or_land_on_another_grade_are_as_many_as_known(
    mapping: DictionaryMapping, ctcae_5: Dictionary, ctcae_6: Dictionary
) -> None:
    rows = shipped_rows()
    targets = defaultdict(set)
    for row in rows:
        targets[row["term"]].add((row["to_term"], row["other_specify"]))

    moved = [row for row in rows if row["element"].isdigit() and row["element"] != row["to_element"]]

    assert sum(ctcae_6.find(term.name) is None for term in ctcae_5.terms.values()) == 47
    assert sum(len(found) > 1 for found in targets.values()) == 16
    assert len(moved) == 10


@pytest.mark.parametrize(
    ("term", "grade", "to_term", "to_grade"),
    [
        ("Lymphocyte count decreased", 4, "Lymphopenia", 1),
        ("Alkaline phosphatase increased", 2, "Alkaline phosphatase increased", 1),
        ("Ejection fraction decreased", 4, "Left ventricular dysfunction", 3),
        ("platelet count decreased", 3, "Thrombocytopenia", 3),
        ("Fatigue", 2, "Fatigue", 2),
    ],
)
def test_a_grade_goes_where_the_workbook_sends_it(
    mapping: DictionaryMapping, term: str, grade: int, to_term: str, to_grade: int
) -> None:
    found = mapping.grade_after(term, grade)

    assert found is not None
    assert (found.term, found.grade) == (to_term, to_grade)


def test_a_term_sent_to_other_specify_says_what_to_write(mapping: DictionaryMapping) -> None:
    found = mapping.grade_after("Conduction disorder", 3)

    assert found is not None
    assert (found.term, found.other_specify) == ("Cardiac disorders - Other, specify", "Conduction disorder")
    assert found.soc == "Cardiac disorders"
    assert found.change is Change.DELETION


def test_a_grade_that_the_source_lacks_goes_nowhere(mapping: DictionaryMapping) -> None:
    assert mapping.grade_after("Fatigue", 5) is None
    assert mapping.grade_after("No such term", 1) is None
    assert mapping_between("6.0", "5.0") is None


@pytest.mark.parametrize(
    "replaced",
    [
        {"term": "No such term"},
        {"to_term": "No such term"},
        {"to_element": "definition"},
        {"to_term": "Lymphopenia", "to_element": "4"},
        {"change": "unheard of"},
    ],
)
def test_a_row_that_names_what_is_not_there_is_no_mapping(
    ctcae_5: Dictionary, ctcae_6: Dictionary, replaced: dict[str, str]
) -> None:
    rows = shipped_rows()
    rows[1] |= replaced

    with pytest.raises(ValueError, match=r"mapp|grade|not a|valid"):
        build_mapping(ctcae_5, ctcae_6, rows)


def test_a_map_with_a_gap_or_a_row_twice_is_none(ctcae_5: Dictionary, ctcae_6: Dictionary) -> None:
    rows = shipped_rows()

    with pytest.raises(ValueError, match="is not mapped"):
        build_mapping(ctcae_5, ctcae_6, [rows[0], *rows[2:]])
    with pytest.raises(ValueError, match="mapped twice"):
        build_mapping(ctcae_5, ctcae_6, [*rows, rows[0]])


@pytest.mark.oracle
def test_every_row_equals_the_official_workbooks_mapping_sheet() -> None:
    path = oracle(
        "ctcae", "ctcae-v5-to-v6-element-map.csv", not_checked="the map was not compared row by row"
    )
    elements = {"Definition": "definition", "Navigational Note": "note"}
    changes = {"No change": "none", "SOC change": "soc", "SOC change, Clarification": "soc+clarification"}

    with path.open(encoding="utf-8", newline="") as file:
        theirs = [
            {
                "term": row["v5_term"],
                "element": elements.get(row["v5_element"], row["v5_element"].removeprefix("Grade ")),
                "change": changes.get(row["change"], row["change"].lower()),
                "to_term": row["v6_term"],
                "to_element": elements.get(row["v6_element"], row["v6_element"].removeprefix("Grade ")),
                "other_specify": row["v6_other_specify"],
            }
            for row in csv.DictReader(file)
        ]

    assert shipped_rows() == theirs


# -- the preview ----------------------------------------------------------------------------------

Event = Callable[..., AdverseEvent]


@pytest.fixture
def event(complete: Report, investigator: Author, context_with: Callable[..., ReportContext]) -> Event:
    """An event that an investigator graded under CTCAE 5.0."""

    def build(term: str, grade: int, *, result: dict[str, Any] | None = None) -> AdverseEvent:
        laboratory = () if result is None else (ReportedLaboratory(**result),)
        report = replace(
            complete,
            author=investigator,
            term=term,
            onset="2026-03-04",
            grades=(ReportedGrade(grade=grade),),
            laboratory=laboratory,
        )
        decision = decide_report(report, context_with(laboratory=laboratory_rules_for("5.0")), now=NOW)
        return first_version(AdverseEventId("event-1"), report, decision, now=NOW)

    return build


@pytest.fixture
def six(dlt_rules: dict[str, Any]) -> DltDefinition:
    """The definition of the tests, written for CTCAE 6.0."""
    head = {**dlt_rules["dlt_definition"], "version": 4, "ctcae": "6.0+2026-01-20"}
    return parse_definition({**dlt_rules, "dlt_definition": head})


@pytest.fixture
def adoption(mapping: DictionaryMapping, six: DltDefinition) -> Adoption:
    return Adoption(mapping=mapping, laboratory=laboratory_rules_for("6.0"), definition=six)


@pytest.fixture
def previewed(definition: DltDefinition, adoption: Adoption) -> Callable[..., WindowPreview]:
    def run(*events: AdverseEvent) -> WindowPreview:
        facts = WindowFacts(
            participant_id="participant-1",
            window_id=WindowId("window-1"),
            definition=definition,
            doses_planned=28,
            zone=ZoneInfo("Europe/London"),
            course=Course(registered_at=FIRST_DOSE, first_dose_at=FIRST_DOSE),
            events=events,
        )
        return preview_window(facts, adoption, now=datetime(2026, 3, 12, 10, tzinfo=UTC))

    return run


def test_a_dlt_of_ejection_fraction_would_stay_one_on_another_grade(
    previewed: Callable[..., WindowPreview], event: Event
) -> None:
    preview = previewed(event("Ejection fraction decreased", 4))

    [change] = preview.events
    assert (change.to_term, change.to_grade, change.changes) == ("Left ventricular dysfunction", 3, True)
    assert preview.flips is False
    assert preview.then.dictionary == "6.0+2026-01-20"


def test_a_dlt_of_alkaline_phosphatase_would_be_none_any_more(
    previewed: Callable[..., WindowPreview], event: Event
) -> None:
    preview = previewed(event("Alkaline phosphatase increased", 3))

    assert preview.events[0].to_grade == 1
    assert (preview.now.verdict, preview.then.verdict) == ("dlt", "pending")
    assert preview.flips is True


def test_a_value_is_graded_by_the_new_numbers_and_not_by_the_map(
    previewed: Callable[..., WindowPreview], event: Event
) -> None:
    preview = previewed(event("Neutrophil count decreased", 4, result={"value": "0.3", "unit": "10^9/L"}))

    [change] = preview.events
    assert (change.grade, change.to_grade, change.by_value) == (4, 3, True)
    assert (preview.now.verdict, preview.then.verdict) == ("dlt", "pending")
    assert preview.flips is True


def test_without_its_value_the_same_event_follows_the_map(
    previewed: Callable[..., WindowPreview], event: Event
) -> None:
    preview = previewed(event("Neutrophil count decreased", 4))

    assert (preview.events[0].to_grade, preview.events[0].by_value, preview.flips) == (4, False, False)


def test_looking_ahead_leaves_the_event_as_it_is(adoption: Adoption, event: Event) -> None:
    graded = event("Lymphocyte count decreased", 4)
    before = graded.content

    after, change = preview_event(graded, adoption)

    assert graded.content is before
    assert change is not None
    assert after.content.term is not None
    assert after.content.term.dictionary == "6.0+2026-01-20"
    assert (after.content.grades[0].coded, after.content.grades[0].reported) == (1, 4)


def test_an_event_graded_with_the_new_dictionary_is_not_mapped(adoption: Adoption, event: Event) -> None:
    graded = event("Fatigue", 2)
    assert graded.content.term is not None
    newer = replace(graded.content.term, dictionary="6.0+2026-01-20")
    already = replace(graded, content=replace(graded.content, term=newer))

    assert preview_event(already, adoption) == (already, None)
