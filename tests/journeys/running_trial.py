"""A running trial as another system would hand it over, drawn from a fixed seed, and what must be true of it.

Nothing here uses the code under test: the folder is written, and the answers are counted, by plain Python. All
people in it are invented.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

CODE = "PBTC042"
SEED = 4_012
WINDOW_DAYS = 28
LOW, MIDDLE, WIDE = ("stratum-1", 1), ("stratum-1", 2), ("stratum-1-expansion", 1)
PLACES = {LOW: 6, MIDDLE: 6, WIDE: 26}
SITES = {
    "012": ("US", "America/New_York"),
    "101": ("GB", "Europe/London"),
    "102": ("JP", "Asia/Tokyo"),
    "103": ("US", "America/Los_Angeles"),
    "104": ("GB", "Europe/London"),
    "105": ("US", "America/Chicago"),
}
PEOPLE = ("manager", "quality")
OWN_FORM = "PBTC042-012-0078"
"""The published example of a number with its check digit: site 012, sequence 7."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    number: str
    screening: str
    site: str
    place: tuple[str, int]
    registered_at: datetime
    born: tuple[int, int]
    fate: str
    """`no_dlt`, `dlt`, `not_evaluable`, `pending` or `voided`."""

    @property
    def first_dose_at(self) -> datetime:
        return self.registered_at + timedelta(days=1)

    @property
    def doses(self) -> int:
        return {"no_dlt": 21, "dlt": 15, "not_evaluable": 5, "pending": 9, "voided": 0}[self.fate]

    @property
    def closes_at(self) -> datetime:
        """The end of the 28th local day, the day of the first dose being the first."""
        zone = ZoneInfo(SITES[self.site][1])
        after = self.first_dose_at.astimezone(zone).date() + timedelta(days=WINDOW_DAYS)
        return datetime.combine(after, time.min, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    screening: str
    site: str
    notified_at: datetime
    born: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTrial:
    """Forty children at six sites under three decisions, two windows open, twelve waiting."""

    now: datetime
    children: Sequence[Child]
    waiting: Sequence[Waiting]
    folder: Mapping[str, str] = field(default_factory=dict)

    # -- the answers ------------------------------------------------------------------------------------

    def standing(self, place: tuple[str, int]) -> list[Child]:
        return [child for child in self.children if child.place == place and child.fate != "voided"]

    def of(self, place: tuple[str, int], fate: str) -> int:
        return sum(child.fate == fate for child in self.standing(place))

    def free(self, place: tuple[str, int]) -> int:
        """Places of an open level: those decided, less those used, and one more per child that cannot be judged."""
        return PLACES[place] - len(self.standing(place)) + self.of(place, "not_evaluable")

    def rule_cell(self) -> tuple[int, int, int]:
        """n, DLTs and pending that the boundary of the expansion looks at; who cannot be judged leaves n."""
        counted = [*self.standing(MIDDLE), *self.standing(WIDE)]
        fates = [child.fate for child in counted if child.fate != "not_evaluable"]
        return len(fates), fates.count("dlt"), fates.count("pending")


def drawn(now: datetime) -> RunningTrial:
    """The trial as it stands at `now`."""
    rng = Random(SEED)
    fates = {
        LOW: ["no_dlt"] * 5 + ["dlt", "voided"],
        MIDDLE: ["no_dlt"] * 5 + ["dlt", "not_evaluable"],
        WIDE: ["dlt"] * 4 + ["no_dlt"] * 17 + ["not_evaluable"] * 2 + ["pending"] * 2 + ["voided"],
    }
    begun = {LOW: 400, MIDDLE: 250, WIDE: 150}
    children: list[Child] = []
    for place, stated in fates.items():
        early = [fate for fate in stated if fate != "pending"]
        first = [early.pop(0) for _ in range(4)] if place == WIDE else []
        rng.shuffle(early)
        # DLTs first: told one by one they would reach the boundary of so few children, and all together do not.
        early = [*first, *early]
        for nth, fate in enumerate([*early, *(fate for fate in stated if fate == "pending")]):
            days = 10 if fate == "pending" else begun[place] - 4 * nth
            children.append(
                _child(rng, len(children) + 1, place, fate, now - timedelta(days=days, hours=nth % 7))
            )
    waiting = [
        Waiting(
            screening=f"OLD-S-9{nth:02d}",
            site=sorted(SITES)[nth % len(SITES)],
            notified_at=now - timedelta(days=30 - nth, minutes=rng.randrange(60)),
            born=(now.year - rng.randrange(5, 15), rng.randrange(1, 13)),
        )
        for nth in range(12)
    ]
    trial = RunningTrial(now=now, children=children, waiting=waiting)
    return RunningTrial(now=now, children=children, waiting=waiting, folder=_folder(trial))


def _child(rng: Random, nth: int, place: tuple[str, int], fate: str, registered_at: datetime) -> Child:
    site = "012" if nth == 1 else rng.choice(sorted(SITES))
    return Child(
        number=OWN_FORM if nth == 1 else f"OLD-{site}-{nth:03d}",
        screening=f"OLD-S-{nth:03d}",
        site=site,
        place=place,
        registered_at=registered_at,
        born=(registered_at.year - rng.randrange(5, 15), rng.randrange(1, 13)),
        fate=fate,
    )


def protocol_for_take_over(protocol: dict[str, Any]) -> dict[str, Any]:
    """The replayed protocol with room for this trial: its expansion is wide, its sites lie in three countries."""
    part = next(one for one in protocol["parts"] if one["part"] == WIDE[0])
    part["monitoring"]["max_evaluable"] = 60
    protocol["consent"]["age_of_consent"] = {"US": 18, "GB": 16, "JP": 18}
    return protocol


# -- the folder -----------------------------------------------------------------------------------------


def write(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    return folder


def instant_text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def csv_table(columns: str, rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns.split())
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return "\ufeff" + text.getvalue()


def _folder(trial: RunningTrial) -> dict[str, str]:
    header = {
        "format": "trialops-take-over/1",
        "trial": CODE,
        "source": "Old System 3",
        "signed_by": list(PEOPLE),
    }
    return {
        "trial.json": json.dumps(header),
        "decisions.json": json.dumps({"format": "trialops-decisions/1", "decisions": _decisions(trial)}),
        "sites.csv": csv_table(
            "site_number organisation country zone principal_investigator",
            [[site, f"Hospital {site}", *SITES[site], f"investigator-{site}"] for site in sorted(SITES)],
        ),
        "staff.csv": _staff(trial),
        "participants.csv": _participants(trial),
        "consents.csv": _consents(trial),
        "doses.csv": _doses(trial),
        "treatment_ends.csv": _ends(trial),
        "adverse_events.csv": _events(trial),
        "verdicts.csv": _verdicts(trial),
        "waiting_list.csv": csv_table(
            "order screening_number site_number part notified_at birth_year birth_month",
            [
                [nth, one.screening, one.site, WIDE[0], instant_text(one.notified_at), *one.born]
                for nth, one in enumerate(trial.waiting, start=1)
            ],
        ),
        "open_clocks.csv": csv_table("kind reference due_at", []),
    }


LABELS = {LOW: "SRC-1", MIDDLE: "SRC-2", WIDE: "SRC-3"}


def _decisions(trial: RunningTrial) -> list[dict[str, Any]]:
    days = {LOW: 410, MIDDLE: 260, WIDE: 160}
    kinds = {LOW: "open_level", MIDDLE: "open_level", WIDE: "expand"}
    found = []
    for nth, place in enumerate(LABELS, start=1):
        at = trial.now - timedelta(days=days[place])
        found.append(
            {
                "id": LABELS[place],
                "kind": kinds[place],
                "part": place[0],
                "level": place[1],
                "places": PLACES[place],
                "letter": {
                    "reference": f"minutes-{nth}",
                    "dated": at.date().isoformat(),
                    "sha256": str(nth) * 64,
                    "sender": "Safety review committee",
                },
                "signed_by": [
                    {"person": "old-chair", "role": "src_chair", "signed_at": instant_text(at)},
                    {"person": "old-monitor", "role": "medical_monitor", "signed_at": instant_text(at)},
                ],
                "in_force_at": instant_text(at),
            }
        )
    return found


def _staff(trial: RunningTrial) -> str:
    since = instant_text(trial.now - timedelta(days=500))
    rows: list[list[Any]] = [
        ["chair", "src_chair", None, since, None],
        ["monitor", "medical_monitor", None, since, None],
        ["investigator-012", "site_investigator", None, since, None],
    ]
    for site in sorted(SITES):
        rows += [
            [f"{role.removeprefix('site_')}-{site}", role, site, since, None]
            for role in ("site_investigator", "site_nurse")
        ]
    return csv_table("person role site_number from until", rows)


def _participants(trial: RunningTrial) -> str:
    rows = []
    for child in trial.children:
        voided = child.fate == "voided"
        rows.append(
            [
                *(child.number, child.screening, child.site, *child.place, LABELS[child.place], "replay-1"),
                *(instant_text(child.registered_at), *child.born, "voided" if voided else "registered"),
                *((instant_text(child.first_dose_at), "entered_in_error") if voided else (None, None)),
            ]
        )
    columns = "number screening_number site_number part level decision protocol_version registered_at"
    return csv_table(f"{columns} birth_year birth_month state voided_at void_reason", rows)


def _consents(trial: RunningTrial) -> str:
    people = [(one.screening, one.site, one.registered_at) for one in trial.children]
    people += [(one.screening, one.site, one.notified_at) for one in trial.waiting]
    rows: list[list[Any]] = []
    for screening, site, at in people:
        signed, nurse = instant_text(at - timedelta(days=3)), f"nurse-{site}"
        parent = ["parental_consent", "parental-consent", "1.0", "parental_responsibility", "en", "paper"]
        assent = ["assent", "assent-7-17", "1.0", None, "en", "paper"]
        rows += [[screening, *parent, signed, nurse], [screening, *assent, signed, nurse]]
    return csv_table(
        "screening_number purpose document version capacity language method signed_at taken_by", rows
    )


def _doses(trial: RunningTrial) -> str:
    rows = [
        [
            child.number,
            instant_text(child.first_dose_at + timedelta(days=day)),
            "yes",
            None,
            None,
            "75",
            "B-7",
        ]
        for child in trial.children
        for day in range(child.doses)
    ]
    return csv_table("number at given missed_because level amount batch", rows)


def _ends(trial: RunningTrial) -> str:
    reasons = {"dlt": "toxicity", "not_evaluable": "progression"}
    return csv_table(
        "number ended_at reason",
        [
            [
                child.number,
                instant_text(child.first_dose_at + timedelta(days=child.doses)),
                reasons[child.fate],
            ]
            for child in trial.children
            if child.fate in reasons
        ],
    )


def _events(trial: RunningTrial) -> str:
    rows = []
    for nth, child in enumerate(trial.children, start=1):
        seen = child.first_dose_at + timedelta(days=5)
        common = [f"AE-{nth}", child.number]
        tail = [instant_text(seen), f"investigator-{child.site}", "closed"]
        if child.fate == "dlt":
            what = [
                "grade 4 neutropenia",
                "Neutrophil count decreased",
                4,
                day_text(seen),
                None,
                "life_threatening",
                "probable",
            ]
            rows.append([*common, *what, "recovering", *tail])
        elif nth % 5 == 0 and child.fate != "voided":
            what = ["mild nausea", "Nausea", 1, day_text(seen), day_text(seen), "none", "possible"]
            rows.append([*common, *what, "recovered", *tail])
    columns = "reference number verbatim term grade onset end seriousness causality outcome"
    return csv_table(f"{columns} aware_at investigator state", rows)


def day_text(instant: datetime) -> str:
    day: date = instant.date()
    return day.isoformat()


def _verdicts(trial: RunningTrial) -> str:
    rows = [
        [
            *(child.number, child.fate, "neutropenia-g4" if child.fate == "dlt" else "none"),
            *(f"file-note-{child.number}", "old-monitor", instant_text(child.closes_at)),
        ]
        for child in trial.children
        if child.fate not in ("pending", "voided")
    ]
    return csv_table("number verdict criteria evidence judged_by judged_at", rows)
