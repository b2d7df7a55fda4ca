"""What is read of a trial's places: the slot board, the dose levels, the waiting list."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from services.enrolment.api.route import OutModel, Person, TrialQuery
from services.enrolment.queries.board_from_events import verify_board
from services.enrolment.queries.dose_levels import show_dose_levels
from services.enrolment.queries.slot_board import show_slot_board
from services.enrolment.queries.waiting_list import show_waiting_list
from shared.json_body import Day, Instant
from shared.service import service_of

router = APIRouter(tags=["board"])


class SlotOut(OutModel):
    slot_id: str
    state: str
    origin: str
    expires_at: Instant | None
    expires_at_local: datetime | None
    expires_soon: bool
    frozen_because: list[str]
    site_number: str | None
    screening_number: str | None


class PendingOut(OutModel):
    participant_id: str | None
    first_dose_at: Instant | None
    window_ends_at: Instant | None


class RuleOut(OutModel):
    output: str
    n: int
    dlt: int
    pending: int
    because: str
    source: dict[str, str]


class PreviewOut(OutModel):
    dlts_among_pending: int
    output: str


class LevelOut(OutModel):
    level_id: str
    part: str
    level: int
    state: str
    decision_id: str | None
    decision_standing: str | None
    held_because: list[str]
    n: int
    dlt: int
    pending: int
    provisional: int
    unmatched: int
    rule: RuleOut | None
    preview: list[PreviewOut]
    pending_windows: list[PendingOut]
    earliest_first_dose_at: Instant | None
    places: dict[str, int]
    slots: list[SlotOut]


class BoardOut(OutModel):
    trial_id: str
    trial: str
    status: str
    halts: list[str]
    unmatched_reports: int
    decisions_waiting: list[str]
    data_as_of: dict[str, Instant | None]
    levels: list[LevelOut]


@router.get("/slot-board")
async def show_slot_board_route(request: Request, principal: Person, trial: TrialQuery) -> BoardOut:
    """Levels and slots with counts, rule, holds and deadlines; other sites' holders are not shown."""
    service = service_of(request)
    view = await service.performer.query(request, principal, lambda tx, act: show_slot_board(tx, act, trial))
    return BoardOut.model_validate(view)


class DifferenceOut(OutModel):
    kind: str
    id: str
    stored: dict[str, Any] | None
    from_events: dict[str, Any] | None


class VerificationOut(OutModel):
    equal: bool
    slots: int
    levels: int
    differences: list[DifferenceOut]


@router.get("/slot-board/verification")
async def verify_board_route(request: Request, principal: Person, trial: TrialQuery) -> VerificationOut:
    """The stored board against one built from the published events alone."""
    service = service_of(request)
    view = await service.performer.query(request, principal, lambda tx, act: verify_board(tx, act, trial))
    return VerificationOut.model_validate(view)


class DoseLevelOut(OutModel):
    level_id: str
    part: str
    level: int
    label: str
    dose: str
    unit: str
    state: str
    closed_because: str | None
    decision_id: str | None
    enrolled: int
    dosed: int
    evaluable: int
    dlt: int
    pending: int
    not_evaluable: int
    mtd: bool


class DoseLevelsOut(OutModel):
    trial: str
    levels: list[DoseLevelOut]


@router.get("/dose-levels")
async def show_dose_levels_route(request: Request, principal: Person, trial: TrialQuery) -> DoseLevelsOut:
    """Per part and level: enrolled, evaluable, DLTs, and which is the maximum tolerated dose."""
    service = service_of(request)
    view = await service.performer.query(request, principal, lambda tx, act: show_dose_levels(tx, act, trial))
    return DoseLevelsOut.model_validate(view)


class StatedOut(OutModel):
    """Local dates at the site. `priority_reason` is empty for readers other than the site and who chooses."""

    earliest_start_on: Day | None
    washout_ends_on: Day | None
    priority_reason: str


class LineOut(OutModel):
    entry_id: str
    part: str
    position: int
    site_number: str
    screening_number: str
    since: Instant
    first_refusal: bool
    stated: StatedOut


class OfferOut(OutModel):
    slot_id: str
    part: str
    level: int
    site_number: str
    screening_number: str
    deadline: Instant
    deadline_local: datetime
    zone: str
    origin: str
    frozen: bool
    earliest_first_dose_at: Instant | None
    stated: StatedOut


class WaitingListOut(OutModel):
    trial: str
    policy: str
    entries: list[LineOut]
    offers: list[OfferOut]
    others_waiting: dict[str, int]
    offers_to_others: int


@router.get("/waiting-list")
async def show_waiting_list_route(request: Request, principal: Person, trial: TrialQuery) -> WaitingListOut:
    """Own entries in full, of other sites only how many."""
    service = service_of(request)
    view = await service.performer.query(
        request, principal, lambda tx, act: show_waiting_list(tx, act, trial)
    )
    return WaitingListOut.model_validate(view)
