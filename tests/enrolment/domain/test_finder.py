"""Which trials fit what somebody looks for, and where a trial stands for a referrer."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.enrolment.domain.finder import (
    Entry,
    Marker,
    PartOffer,
    RecruitmentStatus,
    Search,
    SiteOffer,
    TrialOffer,
    fits,
    site_status,
    trial_status,
)
from services.enrolment.domain.halt import Halt, HaltScope
from services.enrolment.domain.ids import HaltId, SiteId
from services.enrolment.domain.recruitment import SiteStatus, TrialStatus

ENTRY = Entry(
    title="A study of a tablet",
    kind="dose_finding",
    phase="I",
    registry_ids=("ISRCTN1",),
    registry_link="",
    treatment_type="targeted therapy",
    conditions=("Neuroblastoma", "High-grade glioma"),
    markers=(),
    plain_title="A new tablet",
    plain_summary="What it is",
    plain_what_happens="",
    plain_possible_risks="",
    who_to_ask="Your consultant",
    expected_opening=None,
    results="",
    slots_shown=True,
)
BRAF = Marker(gene="BRAF", alteration="mutation", detail="V600E", must_be="present")


def part(**changes: Any) -> PartOffer:
    made = PartOffer(
        part="escalation",
        stratum="I",
        age_from_years=1,
        age_below_years=12,
        markers=(),
        has_places=True,
        slots_open=1,
        waiting=0,
        expected_openings=(),
    )
    return replace(made, **changes)


def site(**changes: Any) -> SiteOffer:
    made = SiteOffer(
        site_number="012",
        organisation="Leeds Children's Hospital",
        country="GB",
        status=RecruitmentStatus.OPEN,
        conditions=(),
        principal_investigator=None,
        contacts=(),
        note="",
        updated_at=None,
    )
    return replace(made, **changes)


TRIAL = TrialOffer(
    trial_id="t",
    code="EP01",
    status=RecruitmentStatus.OPEN,
    entry=ENTRY,
    recruitment_paused_since=None,
    dosing_paused_since=None,
    parts=(part(), part(part="older", age_from_years=12, age_below_years=18, markers=(BRAF,))),
    sites=(site(), site(organisation="Hopital Est", country="FR", conditions=("Ependymoma",))),
)


@pytest.mark.parametrize(
    "search",
    [
        Search(),
        Search(condition="glioma"),
        Search(condition="EPENDYMOMA"),
        Search(age_years=1),
        Search(age_years=17, marker="braf"),
        Search(marker="v600e"),
        Search(location="leeds"),
        Search(location="fr"),
        Search(status=RecruitmentStatus.OPEN),
    ],
)
def test_a_trial_fits_what_it_says(search: Search) -> None:
    assert fits(TRIAL, search)


@pytest.mark.parametrize(
    "search",
    [
        Search(condition="leukaemia"),
        Search(age_years=0),
        Search(age_years=18),
        Search(marker="ALK"),
        Search(location="Paris"),
        Search(location="g"),
        Search(status=RecruitmentStatus.PAUSED),
    ],
)
def test_one_wish_that_is_not_met_is_enough(search: Search) -> None:
    assert not fits(TRIAL, search)


def test_age_and_marker_must_be_met_by_one_part() -> None:
    assert not fits(TRIAL, Search(age_years=5, marker="BRAF"))


def halt(**scope: Any) -> Halt:
    whole = {"part": None, "level": None, "site_id": None, "recruitment": True, "dosing": False}
    return Halt(
        id=HaltId("h"), scope=HaltScope(**(whole | scope)), effective_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("status", "halts", "places", "results", "expected"),
    [
        (TrialStatus.SETUP, (), (), "", RecruitmentStatus.IN_SET_UP),
        (TrialStatus.OPEN, (), (2, 0), "", RecruitmentStatus.OPEN),
        (TrialStatus.OPEN, (), (0, 0), "", RecruitmentStatus.OPEN_NO_PLACE_FREE),
        (TrialStatus.OPEN, (), (None,), "", RecruitmentStatus.OPEN),
        (TrialStatus.OPEN, (halt(),), (2,), "", RecruitmentStatus.PAUSED),
        (TrialStatus.OPEN, (halt(site_id=SiteId("012")),), (2,), "", RecruitmentStatus.OPEN),
        (TrialStatus.OPEN, (halt(recruitment=False, dosing=True),), (2,), "", RecruitmentStatus.OPEN),
        (TrialStatus.PAUSED, (), (2,), "", RecruitmentStatus.PAUSED),
        (TrialStatus.CLOSED_TO_RECRUITMENT, (), (), "", RecruitmentStatus.CLOSED_RESULTS_AWAITED),
        (TrialStatus.ENDED, (), (), "https://results.test", RecruitmentStatus.CLOSED_WITH_RESULTS),
    ],
)
def test_where_a_trial_stands(
    status: TrialStatus,
    halts: tuple[Halt, ...],
    places: tuple[int | None, ...],
    results: str,
    expected: RecruitmentStatus,
) -> None:
    assert trial_status(status, halts, places, results) is expected


@pytest.mark.parametrize(
    ("site", "halted", "expected"),
    [
        (SiteStatus.GREEN_LIGHT, False, RecruitmentStatus.OPEN),
        (SiteStatus.GREEN_LIGHT, True, RecruitmentStatus.PAUSED),
        (SiteStatus.SUSPENDED, False, RecruitmentStatus.PAUSED),
        (SiteStatus.SETUP, False, RecruitmentStatus.IN_SET_UP),
        (SiteStatus.REVOKED, False, RecruitmentStatus.CLOSED_RESULTS_AWAITED),
    ],
)
def test_a_site_stands_no_further_than_its_trial(
    site: SiteStatus, halted: bool, expected: RecruitmentStatus
) -> None:
    assert site_status(RecruitmentStatus.OPEN, site, halted) is expected
    assert site_status(RecruitmentStatus.PAUSED, site, halted) is RecruitmentStatus.PAUSED
