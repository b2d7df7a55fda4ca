"""From what is known of a trial to what its committee is shown: doses counted, adverse events placed in time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.sponsor.domain.canonical import utc_text
from services.sponsor.domain.ids import ParticipantId
from services.sponsor.domain.pack.content import SeenDose, SeenEvent, SeenParticipant
from services.sponsor.domain.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPerson:
    """What is known of a participant besides the standing."""

    number: str
    site_number: str
    treatment_ended_at: datetime | None
    treatment_end_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDose:
    """One planned dose on record: given, or missed."""

    participant_id: str
    at: datetime
    given: bool
    missed_because: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEvent:
    """An adverse event as safety reports it; `participant_id` is None while it matches nobody."""

    report_id: str
    version: int
    participant_id: str | None
    cleared: bool
    term: str | None
    soc: str | None
    dictionary: str
    grade: int | None
    serious: bool
    seriousness: tuple[str, ...]
    related: bool
    investigator_opinion: str | None
    sponsor_opinion: str | None
    onset_on: date | None
    outcome: str | None
    aware_at: datetime
    queries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one trial at one instant."""

    people: Mapping[ParticipantId, KnownPerson]
    doses: Sequence[KnownDose]
    events: Sequence[KnownEvent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The lines of a pack, each in an order that depends on nothing but the lines."""

    participants: tuple[SeenParticipant, ...]
    doses: tuple[SeenDose, ...]
    adverse_events: tuple[SeenEvent, ...]
    unmatched: tuple[SeenEvent, ...]


def show(standings: Iterable[Standing], known: Known, *, zone: str, planned: int | None) -> Shown:
    """What the committee sees of these participants.

    Args:
        standings: participants of the part, and those its rule counts with them.
        known: everything else.
        zone: IANA zone in which days are counted.
        planned: doses that the protocol plans in the observation window.
    """
    at = ZoneInfo(zone)
    places = {standing.participant_id: standing for standing in standings}
    doses = {person: _doses(person, known) for person in places}
    participants = [_participant(places[person], doses[person], known, planned) for person in places]
    events = [
        _event(event, known.people.get(person), places[person], doses[person], at)
        for event in known.events
        if (person := ParticipantId(event.participant_id or "")) in places
    ]
    unmatched = [
        _event(event, None, None, (), at)
        for event in known.events
        if event.participant_id is None and not event.cleared
    ]
    lines = [
        _dose(_number(person, known), doses[person], dose) for person in places for dose in doses[person]
    ]
    return Shown(
        participants=tuple(sorted(participants, key=lambda one: (one.number, one.participant_id))),
        doses=tuple(sorted(lines, key=lambda one: (one.number, one.at))),
        adverse_events=tuple(sorted(events, key=_order)),
        unmatched=tuple(sorted(unmatched, key=_order)),
    )


def _order(event: SeenEvent) -> tuple[str, str, str]:
    return event.number, event.onset_on or "", event.report_id


def _number(person: ParticipantId, known: Known) -> str:
    found = known.people.get(person)
    return found.number if found else ""


def _doses(person: ParticipantId, known: Known) -> tuple[KnownDose, ...]:
    own = [dose for dose in known.doses if dose.participant_id == person]
    return tuple(sorted(own, key=lambda dose: dose.at))


def _participant(
    standing: Standing, doses: Sequence[KnownDose], known: Known, planned: int | None
) -> SeenParticipant:
    person = known.people.get(standing.participant_id)
    ended = person.treatment_ended_at if person else None
    return SeenParticipant(
        number=person.number if person else "",
        participant_id=standing.participant_id,
        site_number=person.site_number if person else "",
        part=standing.place.part,
        level=standing.place.level,
        verdict=standing.verdict.value,
        provisional_dlt=standing.provisional_dlt,
        first_dose_at=_text(standing.first_dose_at),
        window_closes_at=_text(standing.window_closes_at),
        treatment_ended_at=_text(ended),
        treatment_end_reason=person.treatment_end_reason if person else None,
        planned=planned,
        received=sum(dose.given for dose in doses),
        missed=sum(not dose.given for dose in doses),
    )


def _dose(number: str, all_doses: Sequence[KnownDose], dose: KnownDose) -> SeenDose:
    return SeenDose(
        number=number,
        at=utc_text(dose.at),
        received=dose.given,
        n=sum(one.given and one.at <= dose.at for one in all_doses),
        missed_because=dose.missed_because,
    )


def _event(
    event: KnownEvent,
    person: KnownPerson | None,
    standing: Standing | None,
    doses: Sequence[KnownDose],
    zone: ZoneInfo,
) -> SeenEvent:
    first = standing.first_dose_at.astimezone(zone).date() if standing and standing.first_dose_at else None
    given = [dose.at.astimezone(zone).date() for dose in doses if dose.given]
    before = [day for day in given if event.onset_on is not None and day <= event.onset_on]
    since = (event.onset_on - max(before)).days if event.onset_on and before else None
    return SeenEvent(
        number=person.number if person else "",
        report_id=event.report_id,
        version=event.version,
        level=standing.place.level if standing else None,
        term=event.term,
        soc=event.soc,
        dictionary=event.dictionary,
        grade=event.grade,
        serious=event.serious,
        seriousness=tuple(sorted(event.seriousness)),
        related=event.related,
        investigator_opinion=event.investigator_opinion,
        sponsor_opinion=event.sponsor_opinion,
        onset_on=event.onset_on.isoformat() if event.onset_on else None,
        day=study_day(event.onset_on, first),
        after_dose=len(before),
        days_since_dose=since,
        outcome=event.outcome,
        aware_at=utc_text(event.aware_at),
        queries=tuple(event.queries),
    )


def study_day(onset: date | None, first_dose: date | None) -> int | None:
    """Day of the study: the first dose's day is 1, the day before it -1, and there is no day 0."""
    if onset is None or first_dose is None:
        return None
    days = (onset - first_dose).days
    return days + 1 if days >= 0 else days


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)
