"""Record what became of a visit or contact that follow-up owed."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from services.enrolment.commands.followed_participant import AtFollowed, followed_participant
from services.enrolment.commands.record_contact_attempt import found_again
from services.enrolment.domain.follow_up import Entry
from services.enrolment.domain.follow_up_states import (
    Contacted,
    ContactFlag,
    ContactOutcome,
    check_contact,
    contact_flags,
    find_entry,
)
from services.enrolment.domain.followed import follow_up_now
from services.enrolment.domain.roles import FOLLOWING
from services.enrolment.store.afterwards import add_follow_up_contact
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFollowUp:
    """`visit` and `day` name the entry; of a missed one `happened_on` is the day on which that was known."""

    participant_id: str
    visit: str
    day: int
    outcome: ContactOutcome
    happened_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpRecorded:
    """`contact_id` is empty when exactly this was the last word before."""

    contact_id: str
    entry: Entry
    flags: frozenset[ContactFlag]


async def record_follow_up(tx: Tx, command: RecordFollowUp, act: Act) -> FollowUpRecorded:
    """The entry as recorded; the last word about it counts, and a visit that took place ends a loss.

    Raises:
        Refused: `follow_up_entry_unknown`, `follow_up_not_open`, `participant_died`, `time_in_future`,
            `registration_voided`.
    """
    at = await followed_participant(tx, act, FOLLOWING, command.participant_id)
    plan = follow_up_now(at.followed, at.versions, act.now)
    entry = find_entry((one.entry for one in plan.entries), command.visit, command.day)
    death = at.followed.death
    check_contact(
        entry, command.outcome, command.happened_on, plan.standing, death.died_on if death else None
    )
    said = Contacted(outcome=command.outcome, happened_on=command.happened_on)
    before = [one.contacted for one in at.followed.contacts if one.entry.key == entry.key]
    if before and before[-1] == said:
        return FollowUpRecorded(contact_id="", entry=entry, flags=frozenset())
    flags = contact_flags(
        entry,
        command.outcome,
        command.happened_on,
        plan.standing,
        entered=(_end_of(at, command.happened_on), act.now),
        corrects=bool(before),
    )
    return await _keep(tx, at, entry, said, flags)


async def _keep(
    tx: Tx, at: AtFollowed, entry: Entry, said: Contacted, flags: frozenset[ContactFlag]
) -> FollowUpRecorded:
    contact_id = at.act.new_id()
    row = {
        "id": contact_id,
        "participant_id": at.participant.id,
        "visit": entry.visit,
        "day": entry.day,
        "label": entry.label,
        "kind": entry.kind.value,
        "due_on": entry.due_on,
        "opens_on": entry.opens_on,
        "closes_on": entry.closes_on,
        "protocol_version": entry.protocol_version,
        "outcome": said.outcome.value,
        "happened_on": said.happened_on,
        "flags": sorted(flag.value for flag in flags),
        "recorded_by": at.act.actor,
        "recorded_at": at.act.now,
    }
    details = {"visit": entry.visit, "day": entry.day, "outcome": said.outcome.value}
    change = add_follow_up_contact.write(tx, row)
    await record_audit(tx, at.act, at.participant.id, "follow-up.recorded", details, change)
    if said.outcome is ContactOutcome.DONE:
        await found_again(tx, at, "follow_up_contact", said.happened_on)
    return FollowUpRecorded(contact_id=contact_id, entry=entry, flags=flags)


def _end_of(at: AtFollowed, day: date) -> datetime:
    """A day's last instant: only after it does an entry begin to be late."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=at.zone).astimezone(at.act.now.tzinfo)
