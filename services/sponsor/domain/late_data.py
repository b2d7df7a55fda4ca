"""Late data: whether what is known now still supports a decision that was taken on a frozen snapshot."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.sponsor.domain.canonical import Json
from services.sponsor.domain.escalation.result import Recommendation, caution, recommendation_payload
from services.sponsor.domain.ids import ParticipantId
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.snapshot import Snapshot
from services.sponsor.domain.standing import Standing, Verdict

Recommend = Callable[[Sequence[Standing]], Recommendation]
"""The design of the part, with the table, history and levels of the snapshot already given to it."""


class LateReason(StrEnum):
    """Why data behind a decision count as changed.

    Attributes:
        LATE_DLT: someone counted otherwise is now a DLT.
        REVISED: another answer, level or participation than the one decided upon.
        PENDING_TURNED_WORSE: an awaited answer is a DLT, confirmed or not, and the design now says less.
    """

    LATE_DLT = "late_dlt"
    REVISED = "revised"
    PENDING_TURNED_WORSE = "pending_turned_worse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One participant of the snapshot as decided upon and as known now; `after` is None when removed."""

    participant_id: ParticipantId
    reason: LateReason
    before: Standing
    after: Standing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LateDataFinding:
    """Old and new recommendation side by side; the decision is superseded when `changes` has an entry."""

    changes: tuple[Change, ...]
    old: Recommendation
    new: Recommendation

    @property
    def superseded(self) -> bool:
        return bool(self.changes)

    @property
    def reason(self) -> LateReason:
        """The gravest reason among the changes, of which there is at least one."""
        found = {change.reason for change in self.changes}
        return next(reason for reason in LateReason if reason in found)


def finding_payload(finding: LateDataFinding) -> dict[str, Json]:
    """The finding as plain JSON values, for the record that stays beside the decision."""
    return {
        "changes": [
            {
                "participant_id": change.participant_id,
                "reason": change.reason.value,
                "before": _seen(change.before),
                "after": None if change.after is None else _seen(change.after),
            }
            for change in finding.changes
        ],
        "old": recommendation_payload(finding.old),
        "new": recommendation_payload(finding.new),
    }


def _seen(standing: Standing) -> dict[str, Json]:
    return {
        "part": standing.place.part,
        "level": standing.place.level,
        "verdict": standing.verdict.value,
        "provisional_dlt": standing.provisional_dlt,
    }


def evaluate_late_data(
    snapshot: Snapshot, current: Iterable[Standing], recommend: Recommend
) -> LateDataFinding:
    """Whether a decision on this snapshot is superseded by what is known now.

    An answer given, changed or taken back for someone already decided upon supersedes, and so does a changed
    level or a registration that no longer counts. Participants who joined later do not, and an awaited answer
    that arrives does not either, unless it is a DLT that makes the design more cautious than it was.

    Args:
        snapshot: data behind the decision.
        current: everyone registered now; participants outside the snapshot are ignored.
        recommend: the design, to be applied to the snapshot's own participants as they stand now.
    """
    now = {standing.participant_id: standing for standing in current}
    kept = [now[before.participant_id] for before in snapshot.standings if before.participant_id in now]
    new = recommend(kept)
    worse = caution(new) > caution(snapshot.recommendation)
    changes = []
    for before in snapshot.standings:
        after = now.get(before.participant_id)
        reason = _reason(before, after, worse=worse)
        if reason is not None:
            changes.append(
                Change(participant_id=before.participant_id, reason=reason, before=before, after=after)
            )
    return LateDataFinding(changes=tuple(changes), old=snapshot.recommendation, new=new)


def first_doses_changed(
    snapshot: Snapshot, first_doses: Mapping[ParticipantId, datetime | None]
) -> tuple[ParticipantId, ...]:
    """Participants whose first dose is not what the decision's data say: corrected, voided or found earlier.

    This alone supersedes nothing, the answers and counts may be the same; whoever reads the decision must know.

    Args:
        snapshot: data behind the decision.
        first_doses: as known now, of everybody registered.
    """
    return tuple(
        line.participant_id
        for line in snapshot.standings
        if line.first_dose_at is not None and first_doses.get(line.participant_id) != line.first_dose_at
    )


_AWAITED = {Verdict.PENDING, Verdict.MISSING}


def _reason(before: Standing, after: Standing | None, *, worse: bool) -> LateReason | None:
    if after is None or after.place != before.place:
        return LateReason.REVISED
    if before.verdict in _AWAITED:
        feared = after.verdict is Verdict.DLT or (after.provisional_dlt and not before.provisional_dlt)
        return LateReason.PENDING_TURNED_WORSE if feared and worse else None
    if after.verdict is before.verdict:
        return None
    return LateReason.LATE_DLT if after.verdict is Verdict.DLT else LateReason.REVISED


def require_current(finding: LateDataFinding, present: Recommendation) -> None:
    """Refuse to decide on a snapshot when what is known now no longer supports it.

    Args:
        finding: the snapshot against what is known now.
        present: recommendation on everybody, those who joined after the snapshot included.

    Raises:
        Refused: `snapshot_outdated` with both recommendations and the participants concerned.
    """
    if finding.superseded or caution(present) > caution(finding.old):
        raise Refused(
            "snapshot_outdated",
            "The data have changed since the snapshot; freeze a new one.",
            changed=[change.participant_id for change in finding.changes],
            then=recommendation_payload(finding.old),
            now=recommendation_payload(present),
        )
