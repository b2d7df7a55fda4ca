"""After an outage: a number gives an identity, the telephone gave the place, and what was not in order is kept.

A registration entered late is a fact: the child takes part since the claimed time, counts in its cohort, and is
never refused for what a guard says. Each guard is asked all the same, twice: as of the claimed time and as of
now, both with what is known now. What fails either time is a difference that the sponsor reads.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.enrolment.domain.board import EntryState, Refusal, ScreeningState, SlotRecord
from services.enrolment.domain.claimed_times import lies_in_future
from services.enrolment.domain.draft import Draft
from services.enrolment.domain.guards import GuardResult
from services.enrolment.domain.ids import ParticipantId, PartLevel
from services.enrolment.domain.protocol_terms import VersionRules
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.slot_states import Consumed, Frozen, Holder, Open, Reserved, Revoked, Slot

LARGEST_BLOCK = 50
LATE_ENTRY = "late_entry"
PLACE_GIVEN_LATER = "place_given_later"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedNumber:
    """A number of a block; `used` once a participant bears it."""

    number: str
    trial_id: str
    site_number: str
    issued_at: datetime
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ByTelephone:
    """Who gave the place and when, and who at sponsor and safety confirmed that there was no halt and no DLT."""

    duty_person: str
    called_at: datetime
    sponsor_confirmed_by: str
    safety_confirmed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What was not in order: `then` as of the claimed time, `now` as of the entry."""

    guard: str
    code: str
    detail: str
    then: bool
    now: bool


def check_late_entry(
    issued: IssuedNumber | None, trial_id: str, site_number: str, claimed_at: datetime, now: datetime
) -> IssuedNumber:
    """The number, for a screening of this trial and site.

    Raises:
        Refused: `not_found` also for another site's number, `downtime_number_used`, `time_in_future`,
            `downtime_before_block`.
    """
    if issued is None or (issued.trial_id, issued.site_number) != (trial_id, site_number):
        raise Refused("not_found", "There is no such downtime number.")
    if issued.used:
        raise Refused("downtime_number_used", "A participant bears this number already.")
    if lies_in_future(claimed_at, now):
        raise Refused("time_in_future", "The claimed registration lies in the future.")
    if claimed_at < issued.issued_at:
        raise Refused(
            "downtime_before_block",
            "The number was not issued yet at the claimed time.",
            issued_at=issued.issued_at.isoformat(),
        )
    return issued


def rules_with_place(versions: Sequence[VersionRules], place: PartLevel) -> VersionRules:
    """The first of these versions that has the level, or for a part without levels the part.

    Raises:
        Refused: `level_unknown`.
    """
    for rules in versions:
        part = rules.terms.parts.get(place.part)
        if part is not None and (place.level in part.levels if place.has_levels else not part.levels):
            return rules
    detail = (
        "No version has this level." if place.has_levels else "The part has dose levels: name the one given."
    )
    raise Refused("level_unknown", detail)


def differences(
    then: Iterable[GuardResult], now: Iterable[GuardResult], call: ByTelephone, claimed_at: datetime
) -> tuple[Difference, ...]:
    """What failed as of the claimed time or as of the entry, in the order of the guards; each code once a guard.

    A place given by telephone after the child is said to have been registered is one as well.
    """
    failed_then = {(it.number, it.name, it.code): it for it in then if not it.passed}
    failed_now = {(it.number, it.name, it.code): it for it in now if not it.passed}
    every = failed_now | failed_then
    found = [
        Difference(
            guard=key[1], code=key[2], detail=it.detail, then=key in failed_then, now=key in failed_now
        )
        for key, it in sorted(every.items(), key=lambda one: one[0][0])
    ]
    if call.called_at > claimed_at:
        detail = "The duty person was called after the claimed registration."
        found.append(
            Difference(guard="telephone", code=PLACE_GIVEN_LATER, detail=detail, then=True, now=False)
        )
    return tuple(found)


def codes_of(found: Iterable[Difference]) -> list[str]:
    """Each code once, in order."""
    return list(dict.fromkeys(it.code for it in found))


# -- the place ------------------------------------------------------------------------------------------


def place_taken(slots: Iterable[SlotRecord], holder: Holder, place: PartLevel) -> SlotRecord | None:
    """The place that the screening holds at the level, else one that is free there, else None.

    A place whose clock stands is taken where no other is left: the child was treated, halt or not.
    """
    here = [record for record in slots if record.alive and record.slot.place == place]
    own = [record for record in here if record.held is not None and record.held.holder == holder]
    free = sorted((record for record in here if isinstance(record.running, Open)), key=_running_first)
    return next(iter([*own, *free]), None)


def _running_first(record: SlotRecord) -> tuple[bool, datetime, str]:
    return isinstance(record.slot.state, Frozen), record.slot.opened_at, record.slot.id


def as_given(record: SlotRecord, holder: Holder, at: datetime, window: timedelta) -> SlotRecord:
    """The place as guard 20 has to see it: one that was free was given to this screening at that time."""
    given = Reserved(holder=holder, reserved_at=at, expires_at=at + window)
    state = record.slot.state
    if isinstance(state, Open):
        return replace(record, slot=replace(record.slot, state=given))
    if isinstance(state, Frozen) and isinstance(state.before, Open):
        return replace(record, slot=replace(record.slot, state=replace(state, before=given)))
    return record


def take_place(
    draft: Draft, record: SlotRecord | None, holder: Holder, participant_id: ParticipantId
) -> None:
    """Use the place, if there is one, and end every other place, line and right of the screening."""
    if record is not None:
        used = Consumed(holder=holder, participant_id=participant_id, at=draft.now)
        draft.amend_slot(replace(record, slot=replace(record.slot, state=used)))
    for other in tuple(draft.slots.values()):
        if _belongs_to(other, holder):
            draft.amend_slot(replace(other, screening=ScreeningState.REGISTERED))
    for entry in tuple(draft.entries.values()):
        if entry.entry.holder == holder and entry.state in (EntryState.WAITING, EntryState.OFFERED):
            draft.put_entry(replace(entry, state=EntryState.SERVED))


def _belongs_to(record: SlotRecord, holder: Holder) -> bool:
    """Whether the screening holds the place, or the right of first refusal that it left."""
    if record.held is not None:
        return record.held.holder == holder
    waits = record.refusal in (Refusal.OPEN, Refusal.OFFERED)
    return waits and _revoked_from(record.slot) == holder


def _revoked_from(slot: Slot) -> Holder | None:
    state = slot.state
    reserved = isinstance(state, Revoked) and isinstance(state.before, Reserved)
    return state.before.holder if reserved else None  # type: ignore[union-attr]
