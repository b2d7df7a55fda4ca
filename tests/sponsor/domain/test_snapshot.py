from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.sponsor.domain.escalation.rolling_six import PartHistory, recommend
from services.sponsor.domain.escalation.table import DecisionTable
from services.sponsor.domain.ids import ParticipantId, TrialId
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.snapshot import (
    FreshnessLimits,
    FrozenSnapshot,
    Snapshot,
    SourceState,
    freeze,
    thaw,
)
from services.sponsor.domain.standing import Standing, Verdict, count_levels

CUT = datetime(2026, 3, 29, 12, tzinfo=UTC)
LIMITS = FreshnessLimits(oldest=timedelta(minutes=5))
Build = Callable[..., Standing]


@pytest.fixture
def snapshot(rolling_six: DecisionTable, standing: Build) -> Snapshot:
    everyone = tuple(
        standing(number, window_closes_at=CUT, verdict=verdict)
        for number, verdict in enumerate([Verdict.NO_DLT, Verdict.NO_DLT, Verdict.PENDING], start=1)
    )
    found = recommend(rolling_six, dict(count_levels(everyone, "a")), PartHistory(opened=(1,)), 3)
    return Snapshot(
        trial_id=TrialId("t1"),
        protocol_version="4.0",
        part="a",
        rule=rolling_six.source,
        cut_at=CUT,
        standings=everyone,
        sources=(
            SourceState(producer="enrolment", complete_until=CUT - timedelta(seconds=1)),
            SourceState(producer="safety", complete_until=CUT - timedelta(minutes=5)),
        ),
        recommendation=found,
        software_version="0.1.0",
    )


def frozen(snapshot: Snapshot, *, pending_allowed: bool = True) -> FrozenSnapshot:
    return freeze(snapshot, LIMITS, pending_allowed=pending_allowed)


def test_the_same_content_gives_the_same_bytes_in_any_order_and_zone(snapshot: Snapshot) -> None:
    other_zone = timezone(timedelta(hours=1))
    same = replace(
        snapshot,
        cut_at=CUT.astimezone(other_zone),
        standings=tuple(reversed(snapshot.standings)),
        sources=tuple(reversed(snapshot.sources)),
    )

    assert frozen(same) == frozen(snapshot)


def test_every_part_of_the_content_changes_the_hash(snapshot: Snapshot, standing: Build) -> None:
    variants = [
        replace(snapshot, trial_id=TrialId("t2")),
        replace(snapshot, protocol_version="4.1"),
        replace(snapshot, part="b"),
        replace(snapshot, rule=replace(snapshot.rule, sha256="0" * 64)),
        replace(snapshot, cut_at=CUT - timedelta(microseconds=1)),
        replace(snapshot, standings=snapshot.standings[:2]),
        replace(snapshot, standings=(*snapshot.standings[:2], standing(3, Verdict.NOT_EVALUABLE))),
        replace(snapshot, sources=snapshot.sources[:1]),
        replace(snapshot, recommendation=replace(snapshot.recommendation, level=2)),
        replace(snapshot, software_version="0.1.1"),
    ]

    assert len({frozen(variant).sha256 for variant in [snapshot, *variants]}) == len(variants) + 1


def test_a_later_version_of_a_source_changes_the_hash(snapshot: Snapshot) -> None:
    first, *others = snapshot.standings
    revised = replace(snapshot, standings=(replace(first, verdict_version=2), *others))

    assert frozen(revised).sha256 != frozen(snapshot).sha256


def test_stored_bytes_give_back_the_content_and_the_same_bytes_again(snapshot: Snapshot) -> None:
    stored = frozen(snapshot)

    content = thaw(stored)

    assert content == snapshot
    assert frozen(content) == stored


def test_altered_bytes_are_refused(snapshot: Snapshot) -> None:
    stored = frozen(snapshot)
    altered = replace(stored, content=stored.content.replace(b'"no_dlt"', b'"dlt"'))

    with pytest.raises(Refused) as refusal:
        thaw(altered)

    assert refusal.value.code == "snapshot_altered"


@pytest.mark.parametrize("age", [timedelta(minutes=5, microseconds=1), timedelta(seconds=-3)])
def test_a_source_that_is_too_old_or_lies_ahead_is_refused_by_name(
    age: timedelta, snapshot: Snapshot
) -> None:
    stale = SourceState(producer="safety", complete_until=CUT - age)

    with pytest.raises(Refused) as refusal:
        frozen(replace(snapshot, sources=(snapshot.sources[0], stale)))

    assert refusal.value.code == "snapshot_source_stale"
    assert set(refusal.value.facts["sources"]) == {"safety"}  # type: ignore[call-overload]


def test_a_snapshot_without_any_source_is_refused(snapshot: Snapshot) -> None:
    with pytest.raises(Refused) as refusal:
        frozen(replace(snapshot, sources=()))

    assert refusal.value.code == "snapshot_source_stale"


def test_a_dosed_participant_without_a_verdict_is_refused_by_name(
    snapshot: Snapshot, standing: Build
) -> None:
    with pytest.raises(Refused) as refusal:
        frozen(replace(snapshot, standings=(*snapshot.standings, standing(9, Verdict.MISSING))))

    assert refusal.value.code == "verdict_missing"
    assert refusal.value.facts["participants"] == ("p09",)


def test_a_participant_not_dosed_yet_needs_no_verdict(snapshot: Snapshot, standing: Build) -> None:
    waiting = standing(9, Verdict.MISSING, first_dose_at=None, verdict_version=0)

    assert frozen(replace(snapshot, standings=(*snapshot.standings, waiting))).sha256


def test_pending_participants_are_refused_where_the_design_cannot_have_them(snapshot: Snapshot) -> None:
    with pytest.raises(Refused) as refusal:
        frozen(snapshot, pending_allowed=False)

    assert refusal.value.code == "pending_not_allowed"
    assert refusal.value.facts["participants"] == ("p03",)


def test_a_verdict_without_a_registration_is_refused(snapshot: Snapshot) -> None:
    with pytest.raises(Refused) as refusal:
        frozen(replace(snapshot, unmatched=(ParticipantId("p77"),)))

    assert refusal.value.code == "verdict_unmatched"


def test_an_instant_without_a_zone_cannot_be_frozen(snapshot: Snapshot, standing: Build) -> None:
    naive = standing(9, first_dose_at=datetime(2026, 3, 1, 9))  # noqa: DTZ001

    with pytest.raises(ValueError, match="zone"):
        frozen(replace(snapshot, standings=(naive,)))
