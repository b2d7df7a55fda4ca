"""The places of people who are taken over: each gets the one that the old system gave, already used."""

from dataclasses import replace
from datetime import timedelta

from services.enrolment.commands.taken_people import Taken, TakenPeople
from services.enrolment.domain.board import Replacement, ScreeningState, SlotRecord, Succession
from services.enrolment.domain.draft import Draft, SlotHappening
from services.enrolment.domain.ids import DecisionId, ParticipantId, SlotId
from services.enrolment.domain.levels import LevelState
from services.enrolment.domain.slot_states import Consumed, Open, Reserved, Slot, SlotOrigin
from services.enrolment.domain.taken_places import Opening


class TakenSlots:
    """Gives out places in the order of registration.

    Where a level is still open its free places are used first; then come the extra ones of participants who
    could not be judged. Everybody else, also somebody whose registration was voided, gets a place that exists
    for this alone: the places of a closed level were revoked when it closed here.

    Args:
        draft: the board with every decision applied.
        openings: what the decisions opened.
        replaced: numbers of participants who could not be judged.
        window: how long a reservation lasts.
    """

    def __init__(
        self, draft: Draft, openings: tuple[Opening, ...], replaced: frozenset[str], window: timedelta
    ) -> None:
        self._draft = draft
        self._window = window
        self._replaced = replaced
        self._current = {
            label: opening
            for opening in openings
            for label in opening.labels
            if opening.still_open and draft.levels[opening.place].level.state is LevelState.OPEN
        }
        self.replacing: dict[str, ParticipantId] = {}
        """By number of the one who came instead: whom he or she replaces."""

    def reserve(self, people: TakenPeople) -> dict[str, SlotId]:
        """Reserve a place for each; the slot by number of the participant."""
        spare = [
            one for one in people.registered if one.number in self._replaced and one.label in self._current
        ]
        return {
            one.number: self._reserve(one, spare)
            for one in people.registered
            if one.participant.slot_id is not None
        }

    def _reserve(self, one: Taken, spare: list[Taken]) -> SlotId:
        record = None if one.voided or one.label not in self._current else self._free(one)
        if record is None:
            record = self._opened(one, spare)
        at = one.participant.registered_at
        reserved = replace(
            record.slot,
            state=Reserved(holder=one.screening.holder, reserved_at=at, expires_at=at + self._window),
        )
        numbered = replace(record, screening=ScreeningState.REGISTERED, screening_number=one.screening.number)
        self._draft.put_slot(numbered, reserved, SlotHappening.RESERVED)
        return record.slot.id

    def _free(self, one: Taken) -> SlotRecord | None:
        return next(
            (
                record
                for record in self._draft.live()
                if record.slot.place == one.place and isinstance(record.running, Open)
            ),
            None,
        )

    def _opened(self, one: Taken, spare: list[Taken]) -> SlotRecord:
        instead = None
        if not one.voided and one.label in self._current:
            of_level = [other for other in spare if other.place == one.place]
            instead = of_level[0]
            spare.remove(instead)
            self.replacing[one.number] = ParticipantId(instead.participant.id)
        slot = Slot(
            id=SlotId(one.participant.slot_id or ""),
            place=one.place,
            origin=SlotOrigin.DECISION if instead is None else SlotOrigin.REPLACEMENT,
            opened_at=one.participant.registered_at,
        )
        record = SlotRecord(
            slot=slot,
            decision_id=DecisionId(one.participant.decision_id),
            replaces=self.replacing.get(one.number),
        )
        return self._draft.put_slot(record, slot, SlotHappening.OPENED)


def consume(draft: Draft, one: Taken, slot_id: SlotId) -> None:
    """The reserved place used for the registration; a voided one goes to nobody again."""
    record = draft.slots[slot_id]
    state = Consumed(
        holder=one.screening.holder,
        participant_id=ParticipantId(one.participant.id),
        at=one.participant.registered_at,
    )
    done = Succession.DONE if one.voided else record.succession
    draft.amend_slot(replace(record, slot=replace(record.slot, state=state), succession=done))


def member_replaced(draft: Draft, participant_id: ParticipantId) -> None:
    member = draft.members[participant_id]
    draft.put_member(replace(member, replacement=Replacement.OPENED), "replaced before the take-over")
