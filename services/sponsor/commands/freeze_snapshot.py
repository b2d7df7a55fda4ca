"""Freezing the data of a part before a committee meets: stored once as bytes, known by their hash."""

from dataclasses import dataclass, replace
from datetime import timedelta

from services.sponsor.commands.build_pack import keep_pack, prepare_pack
from services.sponsor.commands.committee_now import charter_now
from services.sponsor.commands.permission import SNAPSHOT_MAKERS, permitted_trial
from services.sponsor.commands.reassess_trial import SERVICE
from services.sponsor.domain.assessment import recommend_part, rule_source
from services.sponsor.domain.ids import ParticipantId, PersonId, SnapshotId
from services.sponsor.domain.picture import TrialPicture
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.snapshot import (
    FreshnessLimits,
    QualityStatement,
    Snapshot,
    SourceState,
    StoredSnapshot,
    freeze,
    standings_sha256,
)
from services.sponsor.store.pictures import load_picture
from services.sponsor.store.quality import statement_over
from services.sponsor.store.snapshots import add_snapshot
from shared import __version__
from shared.act import Act
from shared.audit import record
from shared.database import Tx
from shared.freshness import FreshnessRule, first_stale
from shared.watermarks import all_positions, database_clock, scope_partitions

OLDEST_SOURCE = timedelta(minutes=5)
SOFTWARE_VERSION = __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeSnapshot:
    trial_id: str
    part: str


async def freeze_snapshot(
    tx: Tx, command: FreezeSnapshot, act: Act, freshness: FreshnessRule
) -> StoredSnapshot:
    """Freeze what is known of a part, when all of it is known.

    Raises:
        Refused: `protocol_version_not_in_force`, `part_unknown`, `part_without_levels`,
            `snapshot_source_stale`, `verdict_unmatched`, `verdict_missing`, and under a committee charter
            `quality_unsigned`.
    """
    trial, act = await permitted_trial(tx, act, command.trial_id, SNAPSHOT_MAKERS)
    picture = await load_picture(tx, trial, act.now)
    if picture is None:
        raise Refused("protocol_version_not_in_force", "Approve a protocol version first.")
    _ = picture.part(command.part).level_rule
    sources = await _sources(tx, act, trial.id, freshness)
    pack = await prepare_pack(tx, picture, command.part, act.now)
    snapshot = replace(
        _content(picture, command.part, act, sources),
        pack_sha256=pack.data_sha256,
        quality=await _quality(tx, act, picture, command.part),
    )
    limits = FreshnessLimits(oldest=OLDEST_SOURCE)
    stored = StoredSnapshot(
        id=SnapshotId(act.new_id()),
        trial_id=trial.id,
        part=command.part,
        frozen=freeze(snapshot, limits, pending_allowed=True),
        history=picture.history(command.part),
        frozen_by=PersonId(act.actor),
        frozen_at=act.now,
    )
    await add_snapshot(tx, stored)
    kept = await keep_pack(tx, act, pack, stored)
    details = {
        "trial_id": trial.id,
        "part": command.part,
        "sha256": stored.frozen.sha256,
        "pack_id": kept.id,
        "pack_sha256": kept.sha256,
        "pack_data_sha256": kept.data_sha256,
    }
    await record(tx, act, stored.id, "snapshot.frozen", details)
    return stored


def _content(picture: TrialPicture, part: str, act: Act, sources: tuple[SourceState, ...]) -> Snapshot:
    terms, history, standings = picture.parts[part], picture.history(part), picture.standings(part)
    found = recommend_part(terms, standings, history)
    return Snapshot(
        trial_id=picture.trial.id,
        protocol_version=picture.version.terms.version,
        part=part,
        rule=rule_source(terms, found.cell.level),
        cut_at=act.now,
        standings=standings,
        unmatched=_unmatched(picture, part),
        sources=sources,
        recommendation=found,
        software_version=SOFTWARE_VERSION,
    )


def _unmatched(picture: TrialPicture, part: str) -> tuple[ParticipantId, ...]:
    """Verdicts without a registration that may belong to this part."""
    places = picture.parts[part].places
    return tuple(
        verdict.participant_id
        for verdict in picture.observed.unmatched
        if verdict.place in places or verdict.place.part not in picture.parts
    )


async def _quality(tx: Tx, act: Act, picture: TrialPicture, part: str) -> QualityStatement | None:
    """The statement about exactly these data; under a committee charter there must be one."""
    standings = standings_sha256(picture.standings(part))
    statement = await statement_over(tx, picture.trial.id, part, standings)
    if statement is None and await charter_now(tx, picture.trial.id, act.now) is not None:
        raise Refused(
            "quality_unsigned",
            "Somebody verifies the data and signs for it first.",
            standings_sha256=standings,
        )
    return statement


async def _sources(tx: Tx, act: Act, trial_id: str, freshness: FreshnessRule) -> tuple[SourceState, ...]:
    """Up to when all that the other services accepted is known here, in domain time.

    Ages are measured on one clock, the store's; only then are they counted back from the cut.
    """
    stale = await first_stale(tx, replace(freshness, max_age=OLDEST_SOURCE), trial_id)
    if stale is not None:
        raise Refused(
            "snapshot_source_stale",
            "What other services have accepted is not known to be complete here.",
            sources={stale.producer: stale.reason},
        )
    now, partitions = await database_clock(tx), scope_partitions(trial_id)
    positions = [p for p in await all_positions(tx, SERVICE) if p.partition in partitions]
    return tuple(
        SourceState(
            producer=topic.partition(".")[0],
            complete_until=act.now
            - (now - min(p.closed_at for p in positions if p.topic == topic and p.closed_at is not None)),
        )
        for topic in freshness.topics
    )
