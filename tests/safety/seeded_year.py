"""A year of a trial, drawn from a seed, with the answer file that a person would write beside it.

The answers are worked out here from what each event is, with dates and nothing of the service: whether somebody must
be woken for it, whether it is a toxicity, whether it goes to the regulator and by when at the latest.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
PARTICIPANTS, EVENTS, SERIOUS, SUSARS, TOXICITIES = 40, 1_500, 120, 6, 5
DEATHS, LIFE_THREATENING = 8, 14
UNANSWERED, LEFT_UNANSWERED = 90, 5
WINDOW_DAYS = 28
MILD = ("Nausea", "Fatigue", "Headache", "Fever", "Diarrhea", "Cough", "Constipation", "Pain in extremity")


@dataclass
class Truth:
    """What must come of one event; `due_on` is the last date for the regulator, None when nothing is owed."""

    day: int
    participant: int
    body: dict[str, Any]
    serious: bool = False
    urgent: bool = False
    toxicity: bool = False
    susar: bool = False
    expected: bool = False
    answered_later: bool = False
    due_days: int | None = None
    report_id: str = ""
    known_on: date = field(default=date.min)

    def received(self, report_id: str, at: datetime) -> None:
        self.report_id, self.known_on = report_id, at.astimezone(LONDON).date()

    @property
    def due_on(self) -> date | None:
        """Day 0 is the sponsor's local date of receipt; calendar days, weekends and holidays count."""
        return None if self.due_days is None else self.known_on + timedelta(days=self.due_days)


def first_dose_day(participant: int) -> int:
    """Participants begin one after the other, five days apart."""
    return 1 + 5 * participant


def year(rng: Random) -> list[Truth]:
    """Every event of the year in the order in which it is reported."""
    events = [*_serious(rng), *_toxicities(rng)]
    plain = EVENTS - len(events)
    unanswered = set(rng.sample(range(plain), UNANSWERED))
    events += [_mild(rng, unanswered=n in unanswered) for n in range(plain)]
    left = [one for one in events if one.answered_later][:LEFT_UNANSWERED]
    for one in left:  # nobody ever says whether these are serious, so they are
        one.answered_later, one.serious, one.due_days = False, True, None
    return sorted(events, key=lambda one: one.day)


def _mild(rng: Random, *, unanswered: bool) -> Truth:
    participant = rng.randrange(PARTICIPANTS)
    day = rng.randint(first_dose_day(participant) + 1, 364)
    body = {
        "term": rng.choice(MILD),
        "grade": rng.randint(1, 2),
        "causality": rng.choice(("unrelated", "possible")),
    }
    seriousness: list[str] | None = None if unanswered else []
    return Truth(day, participant, body | {"seriousness": seriousness}, answered_later=unanswered)


def _serious(rng: Random) -> list[Truth]:
    """Serious events well after the window of their participants, so that none is a toxicity besides."""
    criteria = ["death"] * DEATHS + ["life_threatening"] * LIFE_THREATENING
    criteria += [
        rng.choice(("hospitalisation", "disability", "medically_important"))
        for _ in range(SERIOUS - len(criteria))
    ]
    susars = {0, 1, DEATHS, DEATHS + 1, SERIOUS - 2, SERIOUS - 1}
    assert len(susars) == SUSARS
    found = []
    for n, criterion in enumerate(criteria):
        participant = rng.randrange(PARTICIPANTS)
        day = rng.randint(first_dose_day(participant) + WINDOW_DAYS + 12, 363)
        grave = criterion in ("death", "life_threatening")
        related = n in susars or rng.random() < 0.4
        body = {
            "term": "Sepsis",
            "grade": {"death": 5, "life_threatening": 4}.get(criterion, 3),
            "seriousness": [criterion],
            "causality": "probable" if related else "unrelated",
        }
        if criterion == "death":
            body["outcome"] = "fatal"
        found.append(
            Truth(
                day,
                participant,
                body,
                serious=True,
                urgent=grave,
                susar=n in susars,
                expected=related and n not in susars,
                due_days=(7 if grave else 15) if n in susars else None,
            )
        )
    return found


def _toxicities(rng: Random) -> list[Truth]:
    found = []
    for participant in rng.sample(range(PARTICIPANTS), TOXICITIES):
        day = first_dose_day(participant) + rng.randint(3, WINDOW_DAYS - 5)
        body = {"term": "Nausea", "grade": 3, "seriousness": [], "causality": "probable"}
        found.append(Truth(day, participant, body, urgent=True, toxicity=True))
    return found
