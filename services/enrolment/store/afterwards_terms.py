"""What the approved protocol versions say about the time after registration."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from services.enrolment.domain.course import CourseStep
from services.enrolment.domain.follow_up import (
    ContactKind,
    FollowUpStart,
    FollowUpTerms,
    LossTerms,
    PlannedVisit,
)
from services.enrolment.domain.followed import AfterwardsTerms
from services.enrolment.domain.mailings import DEATH_CHECK_DAYS
from services.enrolment.store.kinds import rules_of_kind
from shared.database import Sql, Tx, read_instant
from shared.joint_reads import nested


async def afterwards_terms(tx: Tx, trial_id: str) -> tuple[AfterwardsTerms, ...]:
    """Every version of a trial's protocol, oldest first."""
    rows = [(read_instant(row[1]), row[0], row[2]) for row in await tx.fetch(_VERSIONS, trial_id)]
    return tuple(_read(version, effective_at, text) for effective_at, version, text in sorted(rows))


@lru_cache(maxsize=64)
def _read(version: str, effective_at: datetime, text: str) -> AfterwardsTerms:
    document = nested(text)
    follow_up, treatment = document.get("follow_up"), document.get("treatment")
    days = (follow_up or {}).get("death_check_days")
    return AfterwardsTerms(
        version=version,
        effective_at=effective_at,
        follow_up=_follow_up(version, follow_up),
        course=tuple(CourseStep(step) for step in (treatment or {}).get("course", ())),
        treats=rules_of_kind(document["trial"].get("kind", "dose_finding")).intervention,
        has_window=document.get("dlt") is not None,
        death_check_days=DEATH_CHECK_DAYS if days is None else days,
    )


def _follow_up(version: str, block: Mapping[str, Any] | None) -> FollowUpTerms:
    if block is None:
        return FollowUpTerms(version=version, starts=FollowUpStart.REGISTRATION, years=0, visits=())
    lost = block.get("lost")
    return FollowUpTerms(
        version=version,
        starts=FollowUpStart(block["starts"]),
        years=block["years"],
        visits=tuple(_visit(one) for one in block["visits"]),
        lost=None if lost is None else LossTerms(**lost),
    )


def _visit(one: Mapping[str, Any]) -> PlannedVisit:
    once = one["at_days"] is not None
    return PlannedVisit(
        visit=one["visit"],
        label=one["label"],
        kind=ContactKind(one["kind"]),
        from_days=one["at_days"] if once else one["from_days"],
        every_days=0 if once else one["every_days"],
        until_days=0 if once else one["until_days"],
        days_before=one["days_before"],
        days_after=one["days_after"],
    )


_VERSIONS = Sql("SELECT protocol_version, effective_at, terms FROM protocol_copy WHERE trial_id = $1")
