"""The data a decision is taken on, frozen as bytes and known by their hash.

The same content gives the same bytes on every machine, so that the recommendation can be computed again from
what was stored, years later.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from services.sponsor.domain.canonical import Json, canonical_bytes, instant, sha256_of, utc_text
from services.sponsor.domain.escalation.result import (
    Recommendation,
    RuleSource,
    recommendation_from_payload,
    recommendation_payload,
)
from services.sponsor.domain.escalation.rolling_six import PartHistory
from services.sponsor.domain.ids import ParticipantId, PartLevel, PersonId, SnapshotId, TrialId
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role
from services.sponsor.domain.standing import Standing, Verdict


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SourceState:
    """A service whose facts the snapshot rests on, and the instant up to which all of them are known."""

    producer: str
    complete_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityStatement:
    """Who verified which fields of the data, and signed for it over exactly these data."""

    id: str
    person_id: PersonId
    role: Role
    fields: tuple[str, ...]
    signed_at: datetime
    signed_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Content of a snapshot.

    Attributes:
        unmatched: verdicts that belong to no registration known here.
        pack_sha256: of the data that the committee is shown with it; empty outside the store.
        quality: who verified the data, where somebody did.
    """

    trial_id: TrialId
    protocol_version: str
    part: str
    rule: RuleSource
    cut_at: datetime
    standings: tuple[Standing, ...]
    unmatched: tuple[ParticipantId, ...] = ()
    sources: tuple[SourceState, ...]
    recommendation: Recommendation
    software_version: str
    pack_sha256: str = ""
    quality: QualityStatement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessLimits:
    """Largest age of a source at the cut, and how far it may seem to lie ahead through clock differences."""

    oldest: timedelta
    ahead: timedelta = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenSnapshot:
    """The stored bytes and their SHA-256 in lower-case hexadecimal."""

    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSnapshot:
    """A frozen snapshot as kept; `history` is what decisions had made of the part when it was frozen."""

    id: SnapshotId
    trial_id: TrialId
    part: str
    frozen: FrozenSnapshot
    history: PartHistory
    frozen_by: PersonId
    frozen_at: datetime


def freeze(snapshot: Snapshot, limits: FreshnessLimits, *, pending_allowed: bool) -> FrozenSnapshot:
    """The snapshot as bytes with their hash, when a decision may rest on it.

    Args:
        snapshot: the content at its cut.
        limits: freshness that is asked of every source.
        pending_allowed: the design can decide while answers are awaited, as the rolling six can.

    Raises:
        Refused: `snapshot_source_stale`, `verdict_unmatched`, `verdict_missing` (a dosed participant without
            any verdict) or `pending_not_allowed`, each naming everything it concerns.
    """
    _require_fresh(snapshot, limits)
    _refuse_named("verdict_unmatched", "Verdicts match no registration.", snapshot.unmatched)
    missing = [
        s.participant_id for s in snapshot.standings if s.verdict is Verdict.MISSING and s.first_dose_at
    ]
    _refuse_named("verdict_missing", "Participants were dosed and have no verdict.", missing)
    if not pending_allowed:
        awaited = {Verdict.PENDING, Verdict.MISSING}
        pending = [s.participant_id for s in snapshot.standings if s.verdict in awaited]
        _refuse_named("pending_not_allowed", "Participants are pending.", pending)
    content = canonical_bytes(_payload(snapshot))
    return FrozenSnapshot(content=content, sha256=sha256(content).hexdigest())


def _require_fresh(snapshot: Snapshot, limits: FreshnessLimits) -> None:
    stale = {
        source.producer: utc_text(source.complete_until)
        for source in snapshot.sources
        if not -limits.ahead <= snapshot.cut_at - source.complete_until <= limits.oldest
    }
    if stale or not snapshot.sources:
        raise Refused("snapshot_source_stale", "The data are not known to be current.", sources=stale)


def _refuse_named(code: str, detail: str, participants: Iterable[ParticipantId]) -> None:
    named = tuple(sorted(participants))
    if named:
        raise Refused(code, detail, participants=named)


def thaw(frozen: FrozenSnapshot) -> Snapshot:
    """The content of a stored snapshot.

    Raises:
        Refused: `snapshot_altered` when the bytes do not have the recorded hash.
    """
    if sha256(frozen.content).hexdigest() != frozen.sha256:
        raise Refused("snapshot_altered", "The stored snapshot is not the one that was frozen.")
    stored = json.loads(frozen.content)
    return Snapshot(
        trial_id=TrialId(stored["trial_id"]),
        protocol_version=stored["protocol_version"],
        part=stored["part"],
        rule=RuleSource(**stored["rule"]),
        cut_at=instant(stored["cut_at"]),
        standings=tuple(_standing(line) for line in stored["standings"]),
        sources=tuple(
            SourceState(producer=line["producer"], complete_until=instant(line["complete_until"]))
            for line in stored["sources"]
        ),
        recommendation=recommendation_from_payload(stored["recommendation"]),
        software_version=stored["software_version"],
        pack_sha256=stored.get("pack_sha256", ""),
        quality=_quality(stored["quality"]) if "quality" in stored else None,
    )


def standings_sha256(standings: Iterable[Standing]) -> str:
    """Hash of where everybody stands: what a statement about the quality of the data is bound to."""
    lines: Json = [_line(s) for s in sorted(standings, key=lambda s: s.participant_id)]
    return sha256_of(lines)


def _payload(snapshot: Snapshot) -> dict[str, Json]:
    """What the snapshot says; what it has nothing to say of is left out."""
    rule = snapshot.rule
    further: dict[str, Json] = {}
    if snapshot.pack_sha256:
        further["pack_sha256"] = snapshot.pack_sha256
    if snapshot.quality is not None:
        further["quality"] = _quality_line(snapshot.quality)
    return further | {
        "format": 1,
        "trial_id": snapshot.trial_id,
        "protocol_version": snapshot.protocol_version,
        "part": snapshot.part,
        "rule": {"id": rule.id, "version": rule.version, "sha256": rule.sha256},
        "cut_at": utc_text(snapshot.cut_at),
        "standings": [_line(s) for s in sorted(snapshot.standings, key=lambda s: s.participant_id)],
        "sources": [
            {"producer": source.producer, "complete_until": utc_text(source.complete_until)}
            for source in sorted(snapshot.sources)
        ],
        "recommendation": recommendation_payload(snapshot.recommendation),
        "software_version": snapshot.software_version,
    }


def _quality_line(quality: QualityStatement) -> Json:
    return {
        "id": quality.id,
        "person_id": quality.person_id,
        "role": quality.role.value,
        "fields": list(quality.fields),
        "signed_at": utc_text(quality.signed_at),
        "signed_hash": quality.signed_hash,
    }


def _quality(line: dict[str, Any]) -> QualityStatement:
    return QualityStatement(
        id=line["id"],
        person_id=PersonId(line["person_id"]),
        role=Role(line["role"]),
        fields=tuple(line["fields"]),
        signed_at=instant(line["signed_at"]),
        signed_hash=line["signed_hash"],
    )


def _line(standing: Standing) -> dict[str, Json]:
    return {
        "participant_id": standing.participant_id,
        "part": standing.place.part,
        "level": standing.place.level,
        "verdict": standing.verdict.value,
        "provisional_dlt": standing.provisional_dlt,
        "first_dose_at": utc_text(standing.first_dose_at) if standing.first_dose_at else None,
        "window_closes_at": utc_text(standing.window_closes_at) if standing.window_closes_at else None,
        "registration_version": standing.registration_version,
        "verdict_version": standing.verdict_version,
    }


def _standing(line: dict[str, Any]) -> Standing:
    return Standing(
        participant_id=ParticipantId(line["participant_id"]),
        place=PartLevel(part=line["part"], level=line["level"]),
        verdict=Verdict(line["verdict"]),
        provisional_dlt=line["provisional_dlt"],
        first_dose_at=instant(line["first_dose_at"]) if line["first_dose_at"] else None,
        window_closes_at=instant(line["window_closes_at"]) if line["window_closes_at"] else None,
        registration_version=line["registration_version"],
        verdict_version=line["verdict_version"],
    )
