"""The board rebuilt from nothing but this service's own published events, and compared with the stored one."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.enrolment.domain.roles import VERIFYING
from services.enrolment.store.boards_as_stored import stored_levels, stored_recruitment, stored_slots
from services.enrolment.store.trials import find_trial
from shared.act import Act
from shared.auth import ANY, permit
from shared.clock import format_instant, parse_instant
from shared.database import Sql, Tx
from shared.problems import Problem

Event = tuple[str, Mapping[str, Any]]
SlotState = dict[str, Any]


@dataclass(slots=True)
class FoldedBoard:
    """Slots by id, levels by id, and parts that reached their target, as the events leave them."""

    slots: dict[str, SlotState] = field(default_factory=dict)
    levels: dict[str, dict[str, Any]] = field(default_factory=dict)
    recruitment: dict[str, dict[str, Any]] = field(default_factory=dict)


def fold(events: Iterable[Event]) -> FoldedBoard:
    """The board after these events, given in the order in which they were stored."""
    board = FoldedBoard()
    for event_type, body in events:
        what = event_type.removeprefix("enrolment.").removesuffix(".v1")
        if what.startswith("slot.") and "slot_id" in body:
            _fold_slot(board, what.removeprefix("slot."), body)
        elif what == "participant.registered":
            _fold_registration(board, body)
        elif what.startswith("dose-level."):
            _fold_level(board, what.removeprefix("dose-level."), body)
        elif what.startswith("recruitment."):
            closed_at = _instant(body.get("closed_at"))
            board.recruitment[body["recruitment_id"]] = {"part": body["part"], "closed_at": closed_at}
    return board


def _fold_registration(board: FoldedBoard, body: Mapping[str, Any]) -> None:
    """The place is used; a registration entered after an outage may have found none, and names an empty one."""
    if body["slot_id"]:
        used = {"state": "consumed", "before_state": None, "expires_at": None}
        board.slots[body["slot_id"]] |= used | {"site_number": body["site_number"]}


def _fold_level(board: FoldedBoard, what: str, body: Mapping[str, Any]) -> None:
    place = {"part": body["part"], "level": body["level"]}
    board.levels[body["level_id"]] = place | {"state": "open" if what == "opened" else "closed"}


def _fold_slot(board: FoldedBoard, what: str, body: Mapping[str, Any]) -> None:
    slot = board.slots.get(body["slot_id"], {})
    match what:
        case "opened":
            slot = {"part": body["part"], "level": body["level"], "state": "open", "before_state": None}
            slot |= {"site_number": None, "expires_at": None}
        case "reserved":
            slot = slot | _held("reserved", body, body["expires_at"])
        case "offered":
            slot = slot | _held("offered", body, body["deadline"])
        case "frozen":
            slot = slot | {"before_state": slot["state"], "state": "frozen"}
        case "unfrozen":
            slot = slot | {"state": slot["before_state"], "before_state": None}
            slot["expires_at"] = _instant(body["expires_at"])
        case "released" | "expired" | "revoked":
            before = slot["before_state"] if slot["state"] == "frozen" else slot["state"]
            slot = slot | {"state": what, "before_state": before}
    board.slots[body["slot_id"]] = slot


def _held(state: str, body: Mapping[str, Any], until: str) -> dict[str, Any]:
    return {
        "state": state,
        "before_state": None,
        "site_number": body["site_number"],
        "expires_at": _instant(until),
    }


def _instant(text: str | None) -> str | None:
    return None if text is None else format_instant(parse_instant(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardDifference:
    """One slot, level or part's recruitment that the events tell differently from the store."""

    kind: str
    id: str
    stored: Mapping[str, Any] | None
    from_events: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardVerification:
    equal: bool
    slots: int
    levels: int
    differences: list[BoardDifference]


async def verify_board(tx: Tx, act: Act, trial: str) -> BoardVerification:
    """Compare the stored board with the one folded from the events."""
    if act.principal is None:
        raise LookupError("a person's question needs a person")
    found = await find_trial(tx, trial)
    if found is None:
        raise Problem("not_found" if act.principal.has_role(*VERIFYING) else "forbidden")
    permit(act.principal, VERIFYING, scope=found.code, unit=ANY)
    return await compare_board(tx, found.id)


async def compare_board(tx: Tx, trial_id: str) -> BoardVerification:
    rows = await tx.fetch(_EVENTS, trial_id)
    board = fold((row[0], json.loads(bytes(row[1]))) for row in rows)
    slots, levels = await stored_slots(tx, trial_id), await stored_levels(tx, trial_id)
    recruitment = await stored_recruitment(tx, trial_id)
    differences = [
        *_differing("slot", slots, board.slots),
        *_differing("dose_level", levels, board.levels),
        *_differing("recruitment", recruitment, board.recruitment),
    ]
    return BoardVerification(
        equal=not differences, slots=len(slots), levels=len(levels), differences=differences
    )


def _differing(
    kind: str, stored: Mapping[str, Mapping[str, Any]], folded: Mapping[str, Mapping[str, Any]]
) -> list[BoardDifference]:
    return [
        BoardDifference(kind=kind, id=key, stored=stored.get(key), from_events=folded.get(key))
        for key in sorted(stored.keys() | folded.keys())
        if stored.get(key) != folded.get(key)
    ]


_EVENTS = Sql(
    "SELECT type, payload FROM outbox WHERE partition_key = $1 AND blinding = 'blinded' ORDER BY seq"
)
