"""What is saved of a board comes back as it was, in every state a slot can be in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    Holder,
    Offered,
    Open,
    Released,
    Reserved,
    RevokeCause,
    Revoked,
    Slot,
    SlotOrigin,
)
from services.enrolment.store.boards import load_board, lock_trial
from services.enrolment.store.place_tables import SlotRow
from services.enrolment.store.slot_rows import slot_record, slot_values
from shared.clock import format_instant
from shared.database import Database, Tx
from shared.rows import table_of, upsert
from shared.tables import canonical_json

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
MOMENTS = st.integers(min_value=0, max_value=10**9).map(lambda n: NOON + timedelta(microseconds=n))
HOLDERS = st.builds(
    Holder,
    site_id=st.just(SiteId("012")),
    screening_id=st.sampled_from([ScreeningId("s1"), ScreeningId("s2")]),
)
HELD = st.one_of(
    st.builds(Offered, holder=HOLDERS, offered_at=MOMENTS, expires_at=MOMENTS),
    st.builds(Reserved, holder=HOLDERS, reserved_at=MOMENTS, expires_at=MOMENTS),
)
RUNNING = st.one_of(st.just(Open()), HELD)
STATES = st.one_of(
    RUNNING,
    st.builds(
        Frozen, before=RUNNING, since=MOMENTS, causes=st.frozensets(st.text("abc:", min_size=1), min_size=1)
    ),
    st.builds(Consumed, holder=HOLDERS, participant_id=st.just(ParticipantId("p")), at=MOMENTS),
    st.builds(Released, before=HELD, at=MOMENTS),
    st.builds(Expired, before=HELD, at=MOMENTS),
    st.builds(Revoked, before=RUNNING, at=MOMENTS, cause=st.sampled_from(RevokeCause), reason=st.just("any")),
)
RECORDS = st.builds(
    SlotRecord,
    slot=st.builds(
        Slot,
        id=st.just(SlotId("slot")),
        place=st.just(PartLevel(part="escalation", level=2)),
        origin=st.sampled_from(SlotOrigin),
        opened_at=MOMENTS,
        state=STATES,
    ),
    decision_id=st.just(DecisionId("d")),
    replaces=st.sampled_from([None, ParticipantId("p9")]),
    entry_id=st.sampled_from([None, WaitingEntryId("e")]),
    succession=st.sampled_from(Succession),
    refusal=st.sampled_from(Refusal),
)


def as_json(values: dict[str, Any]) -> dict[str, Any]:
    """A row as the joint statement reads it: times as text, JSON columns as text."""
    row = {
        key: format_instant(value) if isinstance(value, datetime) else value for key, value in values.items()
    }
    return row | {"causes": canonical_json(row["causes"]), "screening_state": None, "screening_number": None}


@given(record=RECORDS)
def test_a_slot_survives_its_row_in_every_state(record: SlotRecord) -> None:
    assert slot_record(as_json(slot_values("trial", record))) == record


@pytest.mark.parametrize(
    "state",
    [
        Open(),
        Reserved(
            holder=Holder(site_id=SiteId("012"), screening_id=ScreeningId("s1")),
            reserved_at=NOON,
            expires_at=NOON + timedelta(hours=72, microseconds=1),
        ),
        Frozen(before=Open(), since=NOON, causes=frozenset({"halt:1", "hold:2"})),
    ],
)
async def test_a_slot_survives_the_store(database: Database, state: Any) -> None:
    slot = Slot(
        id=SlotId("slot"),
        place=PartLevel(part="escalation", level=1),
        origin=SlotOrigin.DECISION,
        opened_at=NOON,
        state=state,
    )
    record = SlotRecord(slot=slot, decision_id=DecisionId("d"))
    save = upsert(table_of(SlotRow))

    async def write(tx: Tx) -> None:
        await lock_trial(tx, "trial")
        await save(tx, [slot_values("trial", record)])
        await save(tx, [slot_values("trial", record)])

    await database.write(write)
    board = await database.read(lambda tx: load_board(tx, "trial", NOON))

    assert board.slots == {slot.id: record}
    assert record.screening is ScreeningState.IN_SCREENING


async def test_the_store_itself_refuses_a_second_place_for_one_screening(database: Database) -> None:
    holder = Holder(site_id=SiteId("012"), screening_id=ScreeningId("s1"))
    save = upsert(table_of(SlotRow))

    def held(name: str) -> dict[str, Any]:
        slot = Slot(
            id=SlotId(name),
            place=PartLevel(part="escalation", level=1),
            origin=SlotOrigin.DECISION,
            opened_at=NOON,
            state=Reserved(holder=holder, reserved_at=NOON, expires_at=NOON + timedelta(hours=1)),
        )
        return slot_values("trial", SlotRecord(slot=slot, decision_id=DecisionId("d")))

    with pytest.raises(Exception, match=r"(?i)unique"):
        await database.write(lambda tx: save(tx, [held("a"), held("b")]))
