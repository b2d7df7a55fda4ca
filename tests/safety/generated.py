"""Reports as a bad night brings them: serious, and wrong in every way that leaves them readable."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from shared.clock import format_instant

TERMS = ("Sepsis", "Fatigue", "Nausea", "Platelet count decreased", "No such term", "", "seizur")
Body = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Generated:
    """One report, what is wrong with it, and whether a participant of the trial is its own."""

    wrong: str
    body: Body
    known: bool


def generated_reports(
    rng: Random, count: int, *, trial: str, numbers: Sequence[str], now: datetime
) -> Iterator[Generated]:
    """Serious reports, each contradictory, unmatched, undated, undelegated or from another site, or several of these.

    Args:
        rng: the same seed gives the same reports.
        count: how many.
        trial: the trial's code.
        numbers: of participants who are registered.
        now: domain time at the service.
    """
    wrongs = sorted(WRONGS)
    for n in range(count):
        chosen = [wrongs[n % len(wrongs)], *rng.sample(wrongs, rng.randrange(3))]
        body = _plain(rng, trial, rng.choice(numbers), now)
        for wrong in chosen:
            body = body | WRONGS[wrong](rng, now)
        known = body["participant_number"] in numbers and body["trial"] == trial
        yield Generated(
            wrong="+".join(chosen), body={k: v for k, v in body.items() if v is not ...}, known=known
        )


def _plain(rng: Random, trial: str, number: str, now: datetime) -> dict[str, Any]:
    return {
        "trial": trial,
        "participant_number": number,
        "site_number": number.split("-")[1],
        "verbatim": f"event {rng.randrange(10**6)}",
        "term": rng.choice(TERMS),
        "grade": rng.randint(1, 4),
        "onset": (now - timedelta(days=rng.randrange(3))).date().isoformat(),
        "aware_at": format_instant(now - timedelta(hours=rng.randrange(20))),
        "seriousness": [rng.choice(("hospitalisation", "life_threatening", "disability", "death"))],
        "causality": rng.choice(("unrelated", "probable", "perhaps", None)),
    }


def _contradictory(rng: Random, now: datetime) -> dict[str, Any]:
    return rng.choice(
        (
            {"grade": 5, "outcome": "recovered", "term": "Sepsis"},
            {"outcome": "fatal", "grade": 1},
            {"grade": 5, "term": "Fatigue", "death_on": "2999-01-01"},
            {"onset": (now + timedelta(days=400)).date().isoformat()},
            {"onset": now.date().isoformat(), "end": "1999-01-01"},
            {"grades": [{"grade": 4, "on": "2001-01-01"}, {"grade": 0, "on": "2000-01-01"}]},
            {"ctcae": "3.0", "term": "Feeling odd"},
            {"seriousness": ["grave", "hospitalisation"]},
        )
    )


def _unmatched(rng: Random, _now: datetime) -> dict[str, Any]:
    number = f"{rng.randrange(1000):03}-{rng.randrange(10000):04}"
    return rng.choice(
        (
            {"participant_number": f"EP01-{number}"},
            {"participant_number": "the boy in bed four"},
            {"participant_number": ""},
            {"participant_number": f"XX-{number}", "trial": "NOSUCH"},
        )
    )


def _undated(rng: Random, _now: datetime) -> dict[str, Any]:
    return rng.choice(
        (
            {"onset": ..., "aware_at": ...},
            {"onset": None, "aware_at": None},
            {"onset": "2027-02-29", "aware_at": "yesterday"},
            {"onset": "last week", "aware_at": "2999-01-01T00:00:00Z"},
            {"onset": "1899-12-31", "aware_at": "00:00"},
        )
    )


def _another_site(rng: Random, _now: datetime) -> dict[str, Any]:
    return {"site_number": f"{rng.randrange(900, 999)}"}


def _undelegated(_rng: Random, _now: datetime) -> dict[str, Any]:
    return {"stated_by": "nobody in particular"}


WRONGS: Mapping[str, Callable[[Random, datetime], dict[str, Any]]] = {
    "contradictory": _contradictory,
    "unmatched": _unmatched,
    "undated": _undated,
    "another_site": _another_site,
    "undelegated": _undelegated,
}
REPORTERS = {
    "undelegated": ("somebody", ()),
    "another_site": ("nurse-elsewhere", ("site_nurse:EP01:099",)),
    "ended": ("dr-left", ("site_investigator:EP01:012",)),
    "here": ("nurse", ("site_nurse:EP01:012",)),
    "desk": ("officer", ("safety_officer:EP01:*",)),
}
"""People who may report whatever they are: name and grants."""
