"""What other services have reported, put together: where each participant stands, and what fits nowhere.

The counting is the one that enrolment uses at registration: a dose given is a fact that outweighs a voided
registration, an answer about somebody not dosed is not believed, and silence is pending.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.sponsor.domain.ids import ParticipantId, PartLevel
from services.sponsor.domain.standing import Standing, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A participant as enrolment reports; `version` is that of enrolment's aggregate."""

    participant_id: ParticipantId
    place: PartLevel
    decision_id: str
    voided: bool
    first_dose_at: datetime | None
    version: int

    @property
    def counts(self) -> bool:
        return not self.voided or self.first_dose_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowVerdict:
    """The latest verdict on one observation window as safety reports; `version` is that of its aggregate."""

    participant_id: ParticipantId
    place: PartLevel
    verdict: Verdict
    provisional_dlt: bool
    window_closed_at: datetime | None
    version: int

    @property
    def speaks_of_dlt(self) -> bool:
        return self.verdict is Verdict.DLT or self.provisional_dlt


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everybody's standing, and the verdicts that belong to no registration that counts."""

    registrations: tuple[Registration, ...]
    standings: tuple[Standing, ...]
    unmatched: tuple[WindowVerdict, ...]

    @property
    def counted(self) -> tuple[Standing, ...]:
        """Standings together with unmatched DLTs, which count against the level that safety names."""
        return self.standings + tuple(
            _standing_of_unmatched(verdict) for verdict in self.unmatched if verdict.speaks_of_dlt
        )


def observe(registrations: Iterable[Registration], verdicts: Iterable[WindowVerdict]) -> Observed:
    """Where everybody stands, whichever of the two services has spoken first.

    A verdict without a registration is unmatched. One on a registration that was voided before any dose is
    ignored unless it speaks of a DLT.
    """
    known = {registration.participant_id: registration for registration in registrations}
    spoken = _strictest(verdicts)
    standings = tuple(
        _standing(registration, spoken.get(participant_id))
        for participant_id, registration in sorted(known.items())
        if registration.counts
    )
    unmatched = tuple(
        verdict
        for participant_id, verdict in sorted(spoken.items())
        if participant_id not in known or (not known[participant_id].counts and verdict.speaks_of_dlt)
    )
    return Observed(
        registrations=tuple(known[key] for key in sorted(known)), standings=standings, unmatched=unmatched
    )


def _strictest(verdicts: Iterable[WindowVerdict]) -> Mapping[ParticipantId, WindowVerdict]:
    """One verdict per participant: of several windows, the one that counts most against the level."""
    found: dict[ParticipantId, WindowVerdict] = {}
    for verdict in verdicts:
        other = found.get(verdict.participant_id)
        if other is None or _strictness(verdict) > _strictness(other):
            found[verdict.participant_id] = verdict
    return found


_ORDER = (Verdict.MISSING, Verdict.NOT_EVALUABLE, Verdict.NO_DLT, Verdict.PENDING, Verdict.DLT)


def _strictness(verdict: WindowVerdict) -> tuple[bool, bool, int, int]:
    return (
        verdict.verdict is Verdict.DLT,
        verdict.provisional_dlt,
        _ORDER.index(verdict.verdict),
        verdict.version,
    )


def _standing(registration: Registration, verdict: WindowVerdict | None) -> Standing:
    answer = (
        Verdict.MISSING if verdict is None else _answer(verdict, dosed=registration.first_dose_at is not None)
    )
    return Standing(
        participant_id=registration.participant_id,
        place=registration.place,
        verdict=answer,
        provisional_dlt=verdict is not None and verdict.provisional_dlt and answer is Verdict.PENDING,
        first_dose_at=registration.first_dose_at,
        window_closes_at=None if verdict is None else verdict.window_closed_at,
        registration_version=registration.version,
        verdict_version=0 if verdict is None else verdict.version,
    )


def _answer(verdict: WindowVerdict, *, dosed: bool) -> Verdict:
    if verdict.verdict is Verdict.DLT:
        return Verdict.DLT
    if verdict.provisional_dlt or (verdict.verdict is Verdict.NO_DLT and not dosed):
        return Verdict.PENDING
    return verdict.verdict


def _standing_of_unmatched(verdict: WindowVerdict) -> Standing:
    answer = Verdict.DLT if verdict.verdict is Verdict.DLT else Verdict.PENDING
    return Standing(
        participant_id=verdict.participant_id,
        place=verdict.place,
        verdict=answer,
        provisional_dlt=answer is Verdict.PENDING,
        registration_version=0,
        verdict_version=verdict.version,
    )
