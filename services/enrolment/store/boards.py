"""A trial's board in the store: locked by its gate, read in one statement, saved table by table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from services.enrolment.domain.board import (
    Board,
    ClosingCause,
    EntryRecord,
    EntryState,
    LevelRecord,
    Member,
    Replacement,
    ScreeningState,
    SitePlace,
    SlotPolicy,
    SlotRecord,
    SponsorHold,
)
from services.enrolment.domain.cohort_counts import CohortMember, Provisional, Verdict, VerdictState
from services.enrolment.domain.cohort_rule import CohortRule, NoRule, parse_cohort_rule
from services.enrolment.domain.decisions import DecisionKind, KnownDecision, Supersession
from services.enrolment.domain.halt import Halt, HaltScope
from services.enrolment.domain.ids import (
    DecisionId,
    HaltId,
    LevelId,
    ParticipantId,
    PartLevel,
    ScreeningId,
    SiteId,
    WaitingEntryId,
)
from services.enrolment.domain.levels import DoseLevel, LevelState
from services.enrolment.domain.recruitment import PartRecruitment, PartTarget, SiteStatus, TrialStatus
from services.enrolment.domain.waiting_list import WaitingEntry, WaitingPolicy
from services.enrolment.store.board_statement import READ_BOARD
from services.enrolment.store.slot_rows import slot_record
from services.enrolment.store.trials import target_policy
from shared.database import Sql, Tx
from shared.joint_reads import fetch_texts, instant, nested, optional_instant, row_of

Row = Mapping[str, Any]
T = TypeVar("T")
# A board is read at every act in its trial, and most of its rows are as they were: each is made once of its text.
_once_per_row = lru_cache(maxsize=8192)


async def lock_trial(tx: Tx, trial_id: str) -> None:
    """Take the trial's gate: from here on nobody else lets anybody in or keeps anybody out until we commit."""
    if not await tx.fetch(_LOCK, trial_id):
        await tx.fetch(_MAKE_GATE, trial_id)
        await tx.fetch(_LOCK, trial_id)


async def lock_trial_of(tx: Tx, screening_id: str) -> None:
    """As `lock_trial`, of the trial that a screening belongs to; does nothing where there is no such screening."""
    if not await tx.fetch(_LOCK_OF_SCREENING, screening_id):
        await tx.fetch(_MAKE_GATE_OF_SCREENING, screening_id)
        await tx.fetch(_LOCK_OF_SCREENING, screening_id)


async def load_board(tx: Tx, trial_id: str, now: datetime, *, also_slot: str = "") -> Board:
    """The trial's places; `also_slot` is wanted whatever became of it."""
    found = await fetch_texts(tx, READ_BOARD, trial_id, also_slot)

    def rows(part: str) -> list[Row]:
        return [row_of(text) for text in found.get(part, ())]

    def records(part: str, record: Callable[[str], T]) -> list[T]:
        return [record(text) for text in found.get(part, ())]

    trial = next(iter(rows("trial")), {"code": "", "status": TrialStatus.SETUP.value})
    versions = sorted(
        rows("protocol"), key=lambda row: (instant(row["effective_at"]), row["protocol_version"])
    )
    slots = records("slot", _slot)
    entries = records("entry", _entry)
    members = records("member", _member)
    decisions = records("decision", _decision)
    levels = records("level", _level)
    return Board(
        trial_id=trial_id,
        code=trial["code"],
        status=TrialStatus(trial["status"]),
        policy=_policy(versions, now),
        protocol_levels=frozenset(
            PartLevel(part=part, level=level) for row in versions for part, level in nested(row["levels"])
        ),
        levels={record.level.place: record for record in levels},
        decisions={decision.id: decision for decision in decisions},
        halts=tuple(_halt(row) for row in rows("halt")),
        holds=tuple(SponsorHold(id=row["hold_id"], place=_place(row)) for row in rows("hold")),
        unmatched_reports=tuple(sorted(row["report_id"] for row in rows("report"))),
        members={member.cohort.participant_id: member for member in members},
        verdicts=_verdicts(records("verdict", _verdict)),
        slots={record.slot.id: record for record in slots},
        entries={record.entry.id: record for record in entries},
        copies_complete=not found.get("rebuilding"),
        targets=_targets(versions, now),
        recruitment={
            row["part"]: PartRecruitment(id=row["id"], closed_at=optional_instant(row["closed_at"]))
            for row in rows("recruitment")
        },
        sites=_sites(rows("site"), rows("green_light")),
    )


def _place(row: Row) -> PartLevel:
    return PartLevel(part=row["part"], level=row["level"])


def _in_effect(versions: Sequence[Row], now: datetime) -> Row | None:
    """The newest version in effect; the first one while none is."""
    effective = [row for row in versions if instant(row["effective_at"]) <= now] or list(versions[:1])
    return effective[-1] if effective else None


def _targets(versions: Sequence[Row], now: datetime) -> dict[str, PartTarget]:
    version = _in_effect(versions, now)
    return {
        part: PartTarget(target=target, policy=target_policy(at_target, until))
        for part, target, at_target, until in (nested(version["targets"]) if version else ())
    }


def _policy(versions: Sequence[Row], now: datetime) -> SlotPolicy:
    version = _in_effect(versions, now)
    if version is None:
        return SlotPolicy()
    policy = nested(version["slot_policy"])
    return SlotPolicy(
        waiting=WaitingPolicy(policy["policy"]),
        reserve_window=timedelta(hours=policy["reserve_window_hours"]),
        per_site_cap=policy["per_site_cap"],
        max_open_reservations=policy["max_open_reservations_per_site"],
        warn_before=timedelta(hours=policy["warn_hours_before_expiry"]),
    )


@_once_per_row
def _level(text: str) -> LevelRecord:
    row = row_of(text)
    level = DoseLevel(
        id=LevelId(row["id"]),
        place=_place(row),
        state=LevelState(row["state"]),
        opened_by=DecisionId(row["opened_by"]) if row["opened_by"] else None,
        closed_at=optional_instant(row["closed_at"]),
        held_by=frozenset(nested(row["held_by"])),
    )
    cause = row["closed_because"]
    return LevelRecord(
        level=level, closed_because=ClosingCause(cause) if cause else None, toxic_dlts=row["toxic_dlts"]
    )


@_once_per_row
def _slot(text: str) -> SlotRecord:
    return slot_record(row_of(text))


@lru_cache(maxsize=512)
def _rule(text: str) -> CohortRule:
    return parse_cohort_rule(nested(text))


@_once_per_row
def _decision(text: str) -> KnownDecision:
    row = row_of(text)
    return KnownDecision(
        id=DecisionId(row["decision_id"]),
        kind=DecisionKind(row["kind"]),
        place=_place(row),
        places=row["places"],
        rule=_rule(row["rule"]) if row["rule"] else NoRule(),
        signers=row["signers"],
        superseded=bool(row["superseded"]),
        in_force_at=instant(row["in_force_at"]),
        applied_at=optional_instant(row["applied_at"]),
        took_effect=bool(row["took_effect"]),
        followed=bool(row["followed"]),
        supersession=Supersession(row["supersession"] or Supersession.NONE),
    )


def _halt(row: Row) -> Halt:
    scope = HaltScope(
        part=row["part"],
        level=row["level"],
        site_id=SiteId(row["site_number"]) if row["site_number"] else None,
        recruitment=bool(row["recruitment"]),
        dosing=bool(row["dosing"]),
    )
    return Halt(id=HaltId(row["halt_id"]), scope=scope, effective_at=instant(row["imposed_at"]))


@_once_per_row
def _member(text: str) -> Member:
    row = row_of(text)
    first_dose_at = optional_instant(row["first_dose_at"])
    voided = row["voided_at"] is not None
    stopped = row["treatment_ended_at"] is not None or "treatment" in nested(row["stopped"])
    return Member(
        cohort=CohortMember(
            participant_id=ParticipantId(row["id"]),
            place=_place(row),
            dosed=first_dose_at is not None,
            voided=voided,
        ),
        site_id=SiteId(row["site_number"]),
        decision_id=DecisionId(row["decision_id"]),
        registered_at=instant(row["registered_at"]),
        first_dose_at=first_dose_at,
        to_be_dosed=not (voided or stopped),
        placed=row["slot_id"] is not None,
        authorised_for=optional_instant(row["authorised_for"]),
        replacement=Replacement(row["replacement"]),
        halts_seen_late=frozenset(nested(row["halts_seen_late"])),
    )


def _verdicts(states: Iterable[VerdictState]) -> dict[ParticipantId, VerdictState]:
    """The latest verdict per participant; of several windows the one that speaks of a DLT counts."""
    verdicts: dict[ParticipantId, VerdictState] = {}
    for state in states:
        known = verdicts.get(state.participant_id)
        if known is None or _weight(state) > _weight(known):
            verdicts[state.participant_id] = state
    return verdicts


def _weight(state: VerdictState) -> int:
    order = (Verdict.NOT_EVALUABLE, Verdict.NO_DLT, Verdict.PENDING, Verdict.DLT)
    return order.index(state.verdict) + (10 if state.speaks_of_dlt else 0)


@_once_per_row
def _verdict(text: str) -> VerdictState:
    """A word of safety's that is not known here is an open question, evaluated as pending and as DLT."""
    row = row_of(text)
    known = row["verdict"] in list(Verdict)
    provisional = row["provisional"] != Provisional.NONE.value or not known
    return VerdictState(
        participant_id=ParticipantId(row["participant_id"]),
        verdict=Verdict(row["verdict"]) if known else Verdict.PENDING,
        provisional=Provisional.DLT if provisional else Provisional.NONE,
        place=_place(row),
    )


@_once_per_row
def _entry(text: str) -> EntryRecord:
    row = row_of(text)
    entry = WaitingEntry(
        id=WaitingEntryId(row["id"]),
        site_id=SiteId(row["site_number"]),
        screening_id=ScreeningId(row["screening_id"]),
        notified_at=instant(row["notified_at"]),
    )
    return EntryRecord(
        entry=entry,
        part=row["part"],
        state=EntryState(row["state"]),
        offered_at=optional_instant(row["offered_at"]),
        screening=ScreeningState(row["screening_state"] or ScreeningState.IN_SCREENING),
        screening_number=row["screening_number"] or "",
    )


def _sites(rows: Sequence[Row], green_lights: Sequence[Row]) -> dict[SiteId, SitePlace]:
    return {
        SiteId(row["site_number"]): SitePlace(
            number=SiteId(row["site_number"]),
            status=SiteStatus(row["status"]),
            zone=row["zone"],
            country=row["country"],
            green_lit=frozenset(
                light["protocol_version"]
                for light in green_lights
                if light["site_number"] == row["site_number"]
            ),
            recruitment_cap=row["recruitment_cap"],
        )
        for row in rows
    }


_LOCK = Sql("SELECT trial_id FROM trial_gate WHERE trial_id = $1 FOR UPDATE")
_MAKE_GATE = Sql("INSERT INTO trial_gate (trial_id, code) VALUES ($1, '') ON CONFLICT (trial_id) DO NOTHING")
_LOCK_OF_SCREENING = Sql(
    "SELECT trial_id FROM trial_gate WHERE trial_id = (SELECT trial_id FROM screening WHERE id = $1) FOR UPDATE"
)
_MAKE_GATE_OF_SCREENING = Sql(
    "INSERT INTO trial_gate (trial_id, code) SELECT trial_id, '' FROM screening WHERE id = $1"
    " ON CONFLICT (trial_id) DO NOTHING"
)
