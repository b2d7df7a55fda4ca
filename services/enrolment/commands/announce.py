"""What happened on a board, as events and audit rows: each change exactly one of the two."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.enrolment.domain.board import SlotRecord
from services.enrolment.domain.draft import (
    DecisionNoted,
    Draft,
    Happening,
    LevelClosed,
    LevelNoted,
    LevelOpened,
    LevelsPrepared,
    MemberNoted,
    RecruitmentClosed,
    RecruitmentReopened,
    SlotChanged,
    SlotHappening,
)
from services.enrolment.domain.ids import PartLevel
from services.enrolment.domain.registering import earliest_first_dose
from services.enrolment.domain.slot_states import (
    Expired,
    Frozen,
    Offered,
    Released,
    Reserved,
    Revoked,
    SlotOrigin,
)
from services.enrolment.events.event_model import PublishedEvent
from services.enrolment.events.place_events import (
    DoseLevelClosedV1,
    DoseLevelOpenedV1,
    Origin,
    SlotExpiredV1,
    SlotExpiringV1,
    SlotFrozenV1,
    SlotOfferedV1,
    SlotOpenedV1,
    SlotReleasedV1,
    SlotReservedV1,
    SlotRevokedV1,
    SlotUnfrozenV1,
)
from services.enrolment.events.recruitment_events import RecruitmentClosedV1, RecruitmentReopenedV1
from services.enrolment.store.board_saves import save_draft
from services.enrolment.store.trials import versions_of
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx
from shared.outbox import NewEvent, put_all
from shared.writes import Write

FirstDoses = Mapping[PartLevel, datetime | None]

_ORIGINS: Mapping[SlotOrigin, Origin] = {
    SlotOrigin.DECISION: "decision",
    SlotOrigin.EXPANSION: "expansion",
    SlotOrigin.REPLACEMENT: "replacement",
    SlotOrigin.RESERVATION_LAPSED: "lapsed",
    SlotOrigin.REGISTRATION_VOIDED: "registration_voided",
}


async def keep(
    tx: Tx,
    act: Act,
    draft: Draft,
    also: Sequence[NewEvent] = (),
    *,
    with_changes: Sequence[Write] = (),
    reason: str | None = None,
) -> None:
    """Save a draft and say what happened.

    Args:
        tx: the transaction, which holds the trial's gate.
        act: whose act it is.
        draft: the board as decided.
        also: further events of the same command.
        with_changes: what `also` announces and is not saved yet.
        reason: somebody's words, for the audit of the slots; events never carry it.
    """
    await save_draft(tx, draft)
    happenings = draft.happenings
    offers = await _first_doses_offered(tx, draft)
    events = [
        event for happening in happenings if (event := _event(draft, happening, reason, offers)) is not None
    ]
    if every := [*also, *events]:
        await put_all(tx, act, every, *with_changes)
    for happening in happenings:
        await _audit(tx, act, draft, happening)


async def _first_doses_offered(tx: Tx, draft: Draft) -> FirstDoses:
    """For each level at which a place was offered, when the stagger would let that child be dosed."""
    changes = [happening for happening in draft.happenings if isinstance(happening, SlotChanged)]
    places = {it.record.slot.place for it in changes if it.what is SlotHappening.OFFERED}
    versions = await versions_of(tx, draft.board.trial_id) if places else []
    if not versions:
        return {}
    board, stagger = draft.as_board(), versions[-1].stagger
    return {place: earliest_first_dose(board, place, stagger, draft.now) for place in places}


def _event(draft: Draft, happening: Happening, reason: str | None, offers: FirstDoses) -> NewEvent | None:
    match happening:
        case SlotChanged(what=SlotHappening.CAUSES_CHANGED):
            return None
        case SlotChanged(what=what, record=record):
            body = _slot_body(what, record, draft, offers)
            return NewEvent(aggregate_id=record.slot.id, scope=draft.board.trial_id, body=body, reason=reason)
        case LevelOpened() | LevelClosed():
            level = _level_event(draft, happening)
            return NewEvent(aggregate_id=level.level_id, scope=draft.board.trial_id, body=level)
        case RecruitmentClosed() | RecruitmentReopened():
            recruitment = _recruitment_event(draft, happening)
            subject = recruitment.recruitment_id
            return NewEvent(aggregate_id=subject, scope=draft.board.trial_id, body=recruitment)
        case _:
            return None


def _level_event(draft: Draft, happening: LevelOpened | LevelClosed) -> DoseLevelOpenedV1 | DoseLevelClosedV1:
    level = happening.record.level
    where: dict[str, Any] = {
        "trial_id": draft.board.trial_id,
        "level_id": level.id,
        "part": level.place.part,
        "level": level.place.level,
    }
    if isinstance(happening, LevelOpened):
        decision = happening.decision
        return DoseLevelOpenedV1(
            **where, decision_id=decision.id, places=decision.places, opened_at=draft.now
        )
    return DoseLevelClosedV1(
        **where,
        cause=happening.cause.value,
        rule_cell=happening.cell or None,
        decision_id=happening.decision_id,
        closed_at=draft.now,
    )


def _recruitment_event(
    draft: Draft, happening: RecruitmentClosed | RecruitmentReopened
) -> RecruitmentClosedV1 | RecruitmentReopenedV1:
    target = happening.target
    about: dict[str, Any] = {
        "trial_id": draft.board.trial_id,
        "recruitment_id": happening.recruitment.id,
        "part": happening.part,
        "target": target.target if target else None,
        "registered": happening.registered,
    }
    if isinstance(happening, RecruitmentReopened):
        return RecruitmentReopenedV1(**about, reopened_at=draft.now)
    policy = happening.target.policy
    return RecruitmentClosedV1(
        **about,
        cause="target_reached",
        at_target=policy.at_target.value,
        allow_until=policy.until,
        closed_at=draft.now,
    )


def _slot_body(what: SlotHappening, record: SlotRecord, draft: Draft, offers: FirstDoses) -> PublishedEvent:
    slot, state = record.slot, record.slot.state
    where: dict[str, Any] = {
        "trial_id": draft.board.trial_id,
        "slot_id": slot.id,
        "part": slot.place.part,
        "level": slot.place.level,
    }
    if what is SlotHappening.OPENED:
        return SlotOpenedV1(
            **where,
            origin=_ORIGINS[slot.origin],
            decision_id=record.decision_id,
            replaces_participant_id=record.replaces,
            opened_at=slot.opened_at,
        )
    if what is SlotHappening.UNFROZEN:
        expires_at = record.held.expires_at if record.held else None
        return SlotUnfrozenV1(**where, unfrozen_at=draft.now, expires_at=expires_at)
    match state:
        case Reserved() | Offered() if what is SlotHappening.EXPIRING:
            site = state.holder.site_id
            return SlotExpiringV1(**where, site_number=site, expires_at=state.expires_at)
        case Reserved(holder=holder, expires_at=expires_at):
            number = record.screening_number
            return SlotReservedV1(
                **where, site_number=holder.site_id, screening_number=number, expires_at=expires_at
            )
        case Offered(holder=holder, expires_at=expires_at):
            return SlotOfferedV1(
                **where,
                entry_id=record.entry_id or "",
                site_number=holder.site_id,
                deadline=expires_at,
                origin=_ORIGINS[slot.origin],
                earliest_first_dose_at=offers.get(slot.place),
            )
        case Frozen(since=since, causes=causes):
            return SlotFrozenV1(**where, reason=min(causes), frozen_at=since)
        case _:
            return _ending(where, state)


def _ending(where: dict[str, Any], state: object) -> PublishedEvent:
    match state:
        case Released(before=before, at=at):
            return SlotReleasedV1(**where, site_number=before.holder.site_id, released_at=at)
        case Expired(before=before, at=at):
            return SlotExpiredV1(**where, site_number=before.holder.site_id, expired_at=at)
        case Revoked(before=before, at=at, reason=reason):
            site = before.holder.site_id if isinstance(before, Offered | Reserved) else None
            return SlotRevokedV1(**where, site_number=site, reason=reason, revoked_at=at)
        case _:
            raise LookupError("no event announces this state of a slot")


async def _audit(tx: Tx, act: Act, draft: Draft, happening: Happening) -> None:
    match happening:
        case SlotChanged(what=SlotHappening.CAUSES_CHANGED, record=record):
            causes = sorted(record.slot.state.causes) if isinstance(record.slot.state, Frozen) else []
            await record_audit(tx, act, record.slot.id, "slot.freeze-causes-changed", {"causes": causes})
        case LevelsPrepared(places=places):
            listed = [str(place) for place in places]
            await record_audit(tx, act, draft.board.trial_id, "dose-levels.prepared", {"levels": listed})
        case LevelNoted(record=level, what=what):
            await record_audit(tx, act, level.level.id, "dose-level.noted", {"what": what})
        case DecisionNoted(decision=decision, outcome=outcome):
            await record_audit(tx, act, decision.id, "dose-decision.noted", {"outcome": outcome})
        case MemberNoted(member=member, what=what):
            await record_audit(tx, act, member.cohort.participant_id, "participant.noted", {"what": what})
        case _:
            return
