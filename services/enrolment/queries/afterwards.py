"""Steps of a course, plan checks, samples and mailings, as they were recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.enrolment.domain.course import traceability_until
from services.enrolment.queries.follow_up import participant_seen
from services.enrolment.queries.visibility import unseen, view_of, view_site
from services.enrolment.store.afterwards import (
    course_step_rows,
    death_checks_of,
    destruction_requests,
    mailing_rows,
    opted_out_at,
    plan_check_rows,
    sample_event_rows,
    sample_rows,
    samples_of,
)
from services.enrolment.store.followed import step_of
from services.enrolment.store.people import find_screening
from services.enrolment.store.traceability import TraceabilityRule, traceability_rule
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseView:
    """Every word about every step; `traceable_until` is None while no product was made or infused."""

    steps: Sequence[dict[str, Any]]
    rule: TraceabilityRule
    traceable_until: date | None


async def show_course(tx: Tx, act: Act, participant_id: str) -> CourseView:
    participant = await participant_seen(tx, act, participant_id)
    steps, rule = await course_step_rows(tx, participant.id), traceability_rule()
    until = traceability_until([step_of(row) for row in steps], rule.years)
    return CourseView(steps=steps, rule=rule, traceable_until=until)


async def show_plan_checks(tx: Tx, act: Act, participant_id: str) -> list[dict[str, Any]]:
    participant = await participant_seen(tx, act, participant_id)
    return await plan_check_rows(tx, participant.id)


async def show_samples(tx: Tx, act: Act, participant_id: str) -> list[dict[str, Any]]:
    """Each sample with its state and what happened to it."""
    participant = await participant_seen(tx, act, participant_id)
    states = {sample.id: sample.state.value for sample in await samples_of(tx, participant.id)}
    events = await sample_event_rows(tx, participant.id)
    return [
        row
        | {
            "state": states[row["id"]],
            "happened": [one for one in events if one["sample_id"] == row["id"]],
        }
        for row in await sample_rows(tx, participant.id)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DestructionPage:
    items: Sequence[dict[str, Any]]
    next_cursor: str | None


async def show_destruction_requests(
    tx: Tx, act: Act, trial: str, *, after: str, limit: int
) -> DestructionPage:
    """Samples of the sites that the asking person sees whose destruction is asked for and not done."""
    view = await view_of(tx, act, trial)
    sites = None if view.sites is None else sorted(view.sites)
    found = await destruction_requests(tx, view.trial.id, sites, after, limit + 1)
    page = found[:limit]
    return DestructionPage(items=page, next_cursor=page[-1]["sample_id"] if len(found) > limit else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingsView:
    checks: Sequence[dict[str, Any]]
    mailings: Sequence[dict[str, Any]]
    refused: bool


async def show_mailings(tx: Tx, act: Act, screening_id: str) -> MailingsView:
    screening = await find_screening(tx, screening_id)
    trial_id, site = (screening.trial_id, screening.site_id) if screening else (None, "")
    await view_site(tx, act, trial_id, site)
    if screening is None:
        raise unseen(act)
    return MailingsView(
        checks=[
            {"checked_on": check.checked_on, "result": check.result.value}
            for _, check in await death_checks_of(tx, screening.id)
        ],
        mailings=await mailing_rows(tx, screening.id),
        refused=await opted_out_at(tx, screening.id) is not None,
    )
