"""A participant's doses while several administrations are entered one after the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.enrolment.domain.board import Board
from services.enrolment.domain.claimed_times import entered_late, lies_in_future
from services.enrolment.domain.dose_authorising import OpenAuthorisation, as_recorded, authorisation_for
from services.enrolment.domain.dose_recording import (
    DoseAuthorisation,
    DoseFlag,
    DoseHistory,
    GivenDose,
    decide_recording,
)
from services.enrolment.domain.first_dose import FirstDose
from services.enrolment.domain.halt import HaltedAct, halts_covering
from services.enrolment.domain.ids import PartLevel, SiteId
from services.enrolment.store.participants import Participant


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """One planned dose as the site reports it; `level` None is the level of the allocation."""

    at: datetime
    given: bool
    missed_because: str | None = None
    level: int | None = None
    amount: Decimal | None = None
    planned_amount: Decimal | None = None
    batch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One administration as kept; `kept_in` is the record that said exactly this before, None for what is new.

    `planned` is what the amount was compared with: the pharmacy's confirmation, or else the site's own word.
    """

    administration: Administration
    level: int
    flags: frozenset[DoseFlag]
    authorisation_id: str | None
    kept_in: str | None = None
    planned: Decimal | None = None

    @property
    def amount_given(self) -> Decimal:
        """The amount as reported; none stated counts as none."""
        return self.administration.amount or Decimal(0)


def recorded_before(row: Mapping[str, Any]) -> Recorded:
    """An administration as the store keeps it."""
    amount, planned = row["amount"], row["planned_amount"]
    return Recorded(
        administration=Administration(
            at=row["at"],
            given=bool(row["given"]),
            missed_because=row["missed_because"],
            level=row["level"],
            amount=None if amount is None else Decimal(amount),
            planned_amount=None if planned is None else Decimal(planned),
            batch=row["batch"],
        ),
        level=row["level"],
        flags=frozenset(DoseFlag(flag) for flag in row["flags"]),
        authorisation_id=row["authorisation_id"],
        kept_in=row["record_id"],
    )


class DoseBook:
    """What was recorded, by time given, and what the authorisations still cover.

    `moved_to` is the dose entered here that the windows count from since then; None while none moved them.

    Args:
        participant: whose doses these are.
        board: the trial's halts are read from it.
        authorisations: all of the participant's, oldest first.
        known: everything recorded before, in the order of time and then of recording.
        record_id: the record that is being made.
        now: time of entry, domain time.
    """

    def __init__(
        self,
        participant: Participant,
        board: Board,
        authorisations: Iterable[OpenAuthorisation],
        known: Iterable[Recorded],
        record_id: str,
        now: datetime,
    ) -> None:
        self._participant = participant
        self._record_id = record_id
        self._now = now
        self._open = list(authorisations)
        self._known = list(known)
        self._first_dose_at = participant.first_dose_at
        self.moved_to: FirstDose | None = None
        self.used: dict[str, int] = {}
        place = PartLevel(part=participant.part, level=participant.level)
        self._halts = halts_covering(board.halts, HaltedAct.DOSING, place, SiteId(participant.site_number))

    def enter(self, reported: Administration) -> Recorded:
        """The administration as it is kept; an exact repeat of the last word about its time is not new."""
        level = self._participant.level if reported.level is None else reported.level
        cause = None if reported.given else reported.missed_because
        one = replace(reported, level=level, missed_because=cause)
        before = [known for known in self._known if known.administration.at == one.at]
        # Only the last word: a site that takes a correction back is heard again.
        if before and before[-1].administration == one:
            return before[-1]
        entered = self._given(one, level, before) if one.given else self._missed(one, level, before)
        self._known.append(replace(entered, kept_in=self._record_id))
        return entered

    def _missed(self, one: Administration, level: int, before: list[Recorded]) -> Recorded:
        flags = {
            DoseFlag.LATE_ENTRY: entered_late(one.at, self._now),
            DoseFlag.TIME_IN_FUTURE: lies_in_future(one.at, self._now),
            DoseFlag.CONTRADICTS_EARLIER: bool(before),
        }
        raised = frozenset(flag for flag, applies in flags.items() if applies)
        return Recorded(administration=one, level=level, flags=raised, authorisation_id=None)

    def _given(self, one: Administration, level: int, before: list[Recorded]) -> Recorded:
        authorisation = self._covering(one, level, before)
        planned = self._planned(one, authorisation)
        dose = GivenDose(given_at=one.at, amount=one.amount or Decimal(0), planned=planned, level=level)
        decided = decide_recording(dose, self._history(authorisation, bool(before)), self._now)
        if decided.begins_window:
            self._first_dose_at = decided.counts_from
            self.moved_to = FirstDose(at=decided.counts_from, level=level)
        return Recorded(
            administration=one,
            level=level,
            flags=decided.flags,
            authorisation_id=authorisation.id if authorisation else None,
            planned=planned,
        )

    @staticmethod
    def _planned(one: Administration, authorisation: DoseAuthorisation | None) -> Decimal | None:
        """The confirmed plan, if an amount is stated to compare with it; else what the site says was planned."""
        if authorisation is not None and authorisation.planned is not None and one.amount is not None:
            return authorisation.planned
        return one.planned_amount

    def _covering(self, one: Administration, level: int, before: list[Recorded]) -> DoseAuthorisation | None:
        """The authorisation of this dose: what is said twice of one dose uses it once."""
        for known in before:
            if known.authorisation_id is not None and known.level == level:
                used = next(it for it in self._open if it.id == known.authorisation_id)
                # It covered a dose of this time, so it was given before it.
                return DoseAuthorisation(
                    id=used.id, authorised_at=one.at, planned=used.planned, exceptional=used.exceptional
                )
        found = authorisation_for(one.at, level, self._open)
        if found is not None:
            self._use(found)
        return as_recorded(found)

    def _history(self, authorisation: DoseAuthorisation | None, contradicts: bool) -> DoseHistory:
        return DoseHistory(
            registered_at=self._participant.registered_at,
            voided=self._participant.voided_at is not None,
            allocated_level=self._participant.level,
            first_dose_at=self._first_dose_at,
            authorisation=authorisation,
            treatment_stopped_at=self._participant.treatment_ended_at,
            dosing_halts=self._halts,
            contradicts_earlier=contradicts,
        )

    def _use(self, authorisation: OpenAuthorisation) -> None:
        self.used[authorisation.id] = self.used.get(authorisation.id, 0) + 1
        place = self._open.index(authorisation)
        self._open[place] = replace(authorisation, left=authorisation.left - 1, begun=True)
