"""What a committee is shown, frozen together with its snapshot: people, doses, adverse events, attached files.

Every value is text, a whole number, yes or no: the same content gives the same bytes on every machine. Nothing
in it names a person or an arm.
"""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from services.sponsor.domain.canonical import canonical_bytes

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenParticipant:
    """One participant; `received` and `missed` count doses on record, later courses included.

    Attributes:
        planned: doses that the protocol plans in the observation window; None where it plans none.
        verdict: as in the snapshot, `missing` while safety has given none.
    """

    number: str
    participant_id: str
    site_number: str
    part: str
    level: int
    verdict: str
    provisional_dlt: bool
    first_dose_at: str | None
    window_closes_at: str | None
    treatment_ended_at: str | None
    treatment_end_reason: str | None
    planned: int | None
    received: int
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDose:
    """One planned dose: received, or missed because of something; `n` counts the received ones from 1."""

    number: str
    at: str
    received: bool
    n: int
    missed_because: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvent:
    """One adverse event as of its version; `number` is empty for a report that matches nobody.

    Attributes:
        day: of onset, counted in the trial's zone: the day of the first dose is day 1, the day before it -1.
        after_dose: how many doses were received up to the day of onset; the latest of them was the `n`th.
        days_since_dose: from the latest dose up to onset; None before the first.
        related: derived by safety from the opinions; without any it counts as related.
    """

    number: str
    report_id: str
    version: int
    level: int | None
    term: str | None
    soc: str | None
    dictionary: str
    grade: int | None
    serious: bool
    seriousness: tuple[str, ...]
    related: bool
    investigator_opinion: str | None
    sponsor_opinion: str | None
    onset_on: str | None
    day: int | None
    after_dose: int
    days_since_dose: int | None
    outcome: str | None
    aware_at: str
    queries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile:
    """A file that belongs to the pack, known by its hash; `kind` says what it is about."""

    name: str
    kind: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackContent:
    """All that a pack is made of, besides the bytes of its attached files and of its snapshot.

    Attributes:
        n: counts the packs of the part from 1.
        zone: IANA zone in which days are counted and times are shown.
        labels: what the protocol prints for level 1, 2, ...
        unmatched: reports of the trial that match nobody known here.
        previous_sha256: hash of the content of the pack before; None for the first.
    """

    trial_id: str
    trial_code: str
    title: str
    protocol_version: str
    part: str
    n: int
    zone: str
    product: str
    labels: tuple[str, ...]
    cut_at: str
    participants: tuple[SeenParticipant, ...]
    doses: tuple[SeenDose, ...]
    adverse_events: tuple[SeenEvent, ...]
    unmatched: tuple[SeenEvent, ...]
    files: tuple[AttachedFile, ...]
    previous_sha256: str | None
    previous_cut_at: str | None
    software_version: str


def content_bytes(content: PackContent) -> bytes:
    """The content as it is kept and hashed."""
    return canonical_bytes({"format": FORMAT} | asdict(content))


def content_sha256(data: bytes) -> str:
    return sha256(data).hexdigest()


def read_content(data: bytes) -> PackContent:
    """The content that `content_bytes` wrote."""
    stored: dict[str, Any] = json.loads(data)
    stored.pop("format")
    return PackContent(
        **stored
        | {
            "labels": tuple(stored["labels"]),
            "participants": tuple(SeenParticipant(**one) for one in stored["participants"]),
            "doses": tuple(SeenDose(**one) for one in stored["doses"]),
            "adverse_events": tuple(_event(one) for one in stored["adverse_events"]),
            "unmatched": tuple(_event(one) for one in stored["unmatched"]),
            "files": tuple(AttachedFile(**one) for one in stored["files"]),
        }
    )


def _event(stored: dict[str, Any]) -> SeenEvent:
    lists = {"seriousness": tuple(stored["seriousness"]), "queries": tuple(stored["queries"])}
    return SeenEvent(**stored | lists)
