"""A slot as a row and back: one row shape for every state, and no state with facts of another."""

from collections.abc import Mapping
from typing import Any

from services.enrolment.domain.board import Refusal, ScreeningState, SlotRecord, Succession
from services.enrolment.domain.ids import (
    DecisionId,
    ParticipantId,
    PartLevel,
    ScreeningId,
    SiteId,
    SlotId,
    WaitingEntryId,
)
from services.enrolment.domain.slot_states import (
    Consumed,
    Expired,
    Frozen,
    Held,
    Holder,
    Offered,
    Open,
    Released,
    Reserved,
    RevokeCause,
    Revoked,
    Slot,
    SlotOrigin,
    SlotState,
)
from shared.joint_reads import instant, nested, optional_instant

_NAMES: Mapping[type[Any], str] = {
    Open: "open",
    Offered: "offered",
    Reserved: "reserved",
    Frozen: "frozen",
    Consumed: "consumed",
    Released: "released",
    Expired: "expired",
    Revoked: "revoked",
}
_EMPTY: Mapping[str, Any] = {
    "before_state": None,
    "site_number": None,
    "screening_id": None,
    "held_at": None,
    "expires_at": None,
    "since": None,
    "causes": [],
    "participant_id": None,
    "reason": None,
}


def state_name(state: SlotState) -> str:
    return _NAMES[type(state)]


def slot_values(trial_id: str, record: SlotRecord) -> dict[str, Any]:
    slot = record.slot
    return {
        "id": slot.id,
        "trial_id": trial_id,
        "part": slot.place.part,
        "level": slot.place.level,
        "origin": slot.origin.value,
        "decision_id": record.decision_id,
        "replaces": record.replaces,
        "opened_at": slot.opened_at,
        "state": state_name(slot.state),
        "entry_id": record.entry_id,
        "succession": record.succession.value,
        "refusal": record.refusal.value,
        "warn_at": record.warn_at,
        "warned_for": record.warned_for,
        **_EMPTY,
        **_state_values(slot.state),
    }


def _state_values(state: SlotState) -> dict[str, Any]:
    match state:
        case Open():
            return {}
        case Offered() | Reserved():
            return _held_values(state)
        case Frozen(before=before, since=since, causes=causes):
            return _before_values(before) | {"since": since, "causes": sorted(causes)}
        case Consumed(holder=holder, participant_id=participant_id, at=at):
            return _holder_values(holder) | {"participant_id": participant_id, "since": at}
        case Released(before=before, at=at) | Expired(before=before, at=at):
            return _before_values(before) | {"since": at}
        case Revoked(before=before, at=at, cause=cause, reason=reason):
            return _before_values(before) | {"since": at, "causes": [cause.value], "reason": reason}


def _holder_values(holder: Holder) -> dict[str, Any]:
    return {"site_number": holder.site_id, "screening_id": holder.screening_id}


def _held_values(held: Held) -> dict[str, Any]:
    held_at = held.offered_at if isinstance(held, Offered) else held.reserved_at
    return _holder_values(held.holder) | {"held_at": held_at, "expires_at": held.expires_at}


def _before_values(before: Open | Held) -> dict[str, Any]:
    facts = {} if isinstance(before, Open) else _held_values(before)
    return facts | {"before_state": state_name(before)}


def slot_record(row: Mapping[str, Any]) -> SlotRecord:
    """The slot of a row as JSON values; state and number of its screening come with it."""
    slot = Slot(
        id=SlotId(row["id"]),
        place=PartLevel(part=row["part"], level=row["level"]),
        origin=SlotOrigin(row["origin"]),
        opened_at=instant(row["opened_at"]),
        state=_state(row),
    )
    return SlotRecord(
        slot=slot,
        decision_id=DecisionId(row["decision_id"]),
        replaces=ParticipantId(row["replaces"]) if row["replaces"] else None,
        entry_id=WaitingEntryId(row["entry_id"]) if row["entry_id"] else None,
        succession=Succession(row["succession"]),
        refusal=Refusal(row["refusal"]),
        screening=ScreeningState(row["screening_state"] or ScreeningState.IN_SCREENING),
        screening_number=row["screening_number"] or "",
        warn_at=optional_instant(row["warn_at"]),
        warned_for=optional_instant(row["warned_for"]),
    )


def _state(row: Mapping[str, Any]) -> SlotState:
    match row["state"]:
        case "frozen":
            return Frozen(
                before=_running(row, row["before_state"]),
                since=instant(row["since"]),
                causes=frozenset(nested(row["causes"])),
            )
        case "consumed":
            return Consumed(
                holder=_holder(row),
                participant_id=ParticipantId(row["participant_id"]),
                at=instant(row["since"]),
            )
        case "released":
            return Released(before=_held(row, row["before_state"]), at=instant(row["since"]))
        case "expired":
            return Expired(before=_held(row, row["before_state"]), at=instant(row["since"]))
        case "revoked":
            return Revoked(
                before=_running(row, row["before_state"]),
                at=instant(row["since"]),
                cause=RevokeCause(nested(row["causes"])[0]),
                reason=row["reason"],
            )
        case state:
            return _running(row, state)


def _holder(row: Mapping[str, Any]) -> Holder:
    return Holder(site_id=SiteId(row["site_number"]), screening_id=ScreeningId(row["screening_id"]))


def _running(row: Mapping[str, Any], state: str) -> Open | Held:
    return Open() if state == "open" else _held(row, state)


def _held(row: Mapping[str, Any], state: str) -> Held:
    held_at, expires_at = instant(row["held_at"]), instant(row["expires_at"])
    if state == "offered":
        return Offered(holder=_holder(row), offered_at=held_at, expires_at=expires_at)
    return Reserved(holder=_holder(row), reserved_at=held_at, expires_at=expires_at)
