"""Everything that bears on the places of one trial, as one value: read in one go, decided on as a whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.enrolment.domain.cohort_counts import (
    CohortCounts,
    CohortMember,
    Verdict,
    VerdictState,
    count_cohort,
)
from services.enrolment.domain.cohort_rule import CohortRule, counted_places
from services.enrolment.domain.decisions import KnownDecision
from services.enrolment.domain.halt import Halt, HaltedAct, halts_covering
from services.enrolment.domain.ids import (
    DecisionId,
    ParticipantId,
    PartLevel,
    SiteId,
    SlotId,
    WaitingEntryId,
)
from services.enrolment.domain.levels import DoseLevel
from services.enrolment.domain.recruitment import (
    Cap,
    PartRecruitment,
    PartTarget,
    SiteStatus,
    TrialStatus,
)
from services.enrolment.domain.slot_states import Frozen, Held, Offered, Open, Reserved, Slot
from services.enrolment.domain.stagger import AtLevel
from services.enrolment.domain.waiting_list import SiteReservations, WaitingEntry, WaitingPolicy

AUTHORISATION_LAPSES_AFTER = timedelta(hours=24)


class ScreeningState(StrEnum):
    IN_SCREENING = "in_screening"
    FAILED = "failed"
    REGISTERED = "registered"
    VOIDED = "voided"


class ClosingCause(StrEnum):
    COHORT_RULE = "cohort_rule"
    DECISION = "decision"
    NEXT_LEVEL_OPENED = "next_level_opened"
    TRIAL_CLOSED = "trial_closed"


class Succession(StrEnum):
    """Whether a slot that ended still owes the level a successor."""

    NOT_DUE = "not_due"
    DUE = "due"
    DONE = "done"


class Refusal(StrEnum):
    """The right of first refusal that a revoked reservation earns."""

    NONE = "none"
    OPEN = "open"
    OFFERED = "offered"
    ENDED = "ended"


class EntryState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    SERVED = "served"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class Replacement(StrEnum):
    """Whether a participant who cannot be judged has led to an extra slot.

    `not_due`: the level was not open when it became known, so whoever decided next had counted it.
    """

    NONE = "none"
    OPENED = "opened"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRecord:
    """A dose level with what this service remembers of it.

    `toxic_dlts` is the number of DLTs at which its own rule last said "close", 0 when it does not: a rise, and
    not the state, closes the levels above, so that people may knowingly open one of them again.
    """

    level: DoseLevel
    closed_because: ClosingCause | None = None
    toxic_dlts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRecord:
    """A slot with its provenance; `entry_id` is the waiting entry or right that an offer serves.

    `warn_at` is when its site is to be warned of the deadline (None: not any more, or nobody holds it),
    `warned_for` the deadline that was warned of last.
    """

    slot: Slot
    decision_id: DecisionId
    replaces: ParticipantId | None = None
    entry_id: WaitingEntryId | None = None
    succession: Succession = Succession.NOT_DUE
    refusal: Refusal = Refusal.NONE
    screening: ScreeningState = ScreeningState.IN_SCREENING
    screening_number: str = ""
    warn_at: datetime | None = None
    warned_for: datetime | None = None

    @property
    def alive(self) -> bool:
        return isinstance(self.slot.state, Open | Offered | Reserved | Frozen)

    @property
    def running(self) -> Open | Held | None:
        """The state beneath a freeze; None when the slot has ended."""
        state = self.slot.state
        if isinstance(state, Frozen):
            return state.before
        return state if isinstance(state, Open | Offered | Reserved) else None

    @property
    def offered(self) -> bool:
        return isinstance(self.running, Offered)

    @property
    def held(self) -> Held | None:
        running = self.running
        return running if isinstance(running, Offered | Reserved) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRecord:
    """A line of the waiting list; `offered_at` is its last offer."""

    entry: WaitingEntry
    part: str
    state: EntryState = EntryState.WAITING
    offered_at: datetime | None = None
    screening: ScreeningState = ScreeningState.IN_SCREENING
    screening_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A registration as the board needs it; `to_be_dosed` is false once no dose will follow.

    `placed` is false of a child entered late for whom no place was left: who took none gives none back.
    """

    cohort: CohortMember
    site_id: SiteId
    decision_id: DecisionId
    registered_at: datetime
    first_dose_at: datetime | None = None
    to_be_dosed: bool = True
    authorised_for: datetime | None = None
    replacement: Replacement = Replacement.NONE
    halts_seen_late: frozenset[str] = frozenset()
    placed: bool = True

    def at_level(self, now: datetime) -> AtLevel:
        waits = self.authorised_for is not None and now <= self.authorised_for + AUTHORISATION_LAPSES_AFTER
        return AtLevel(
            participant_id=self.cohort.participant_id,
            registered_at=self.registered_at,
            first_dose_at=self.first_dose_at,
            authorised=waits and self.to_be_dosed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlace:
    """A site's standing in the trial; `recruitment_cap` belongs to its newest green light."""

    number: SiteId
    status: SiteStatus
    zone: str
    country: str
    green_lit: frozenset[str]
    recruitment_cap: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SponsorHold:
    """A hold of the sponsor's own on one level."""

    id: str
    place: PartLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPolicy:
    """The trial's policy of places, from its newest protocol version."""

    waiting: WaitingPolicy = WaitingPolicy.FIFO_BY_NOTIFICATION
    reserve_window: timedelta = timedelta(hours=72)
    per_site_cap: int | None = None
    max_open_reservations: int | None = None
    warn_before: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One trial's places. `protocol_levels` are all levels that any approved version has.

    `targets` are those of the newest version in effect, by part; `recruitment` knows parts that reached theirs.
    `slots` holds every slot that is not over, and of the others those that still matter. While the copies of
    other services' facts are being rebuilt they are not complete, and nothing may be concluded from them.
    """

    trial_id: str
    code: str
    status: TrialStatus
    policy: SlotPolicy
    protocol_levels: frozenset[PartLevel]
    levels: Mapping[PartLevel, LevelRecord]
    decisions: Mapping[DecisionId, KnownDecision]
    halts: tuple[Halt, ...]
    holds: tuple[SponsorHold, ...]
    unmatched_reports: tuple[str, ...]
    members: Mapping[ParticipantId, Member]
    verdicts: Mapping[ParticipantId, VerdictState]
    slots: Mapping[SlotId, SlotRecord]
    entries: Mapping[WaitingEntryId, EntryRecord]
    sites: Mapping[SiteId, SitePlace]
    copies_complete: bool = True
    targets: Mapping[str, PartTarget] = field(default_factory=dict)
    recruitment: Mapping[str, PartRecruitment] = field(default_factory=dict)

    def shares_places(self, part: str) -> bool:
        """Whether the part has dose levels; while the copies are not complete, nobody is told that it has not."""
        levels = self.protocol_levels | self.levels.keys()
        return not self.copies_complete or any(place.part == part for place in levels)

    def counts(self, rule: CohortRule, place: PartLevel) -> CohortCounts:
        members = (member.cohort for member in self.members.values())
        return count_cohort(members, self.verdicts, counted_places(rule, place))

    def rule_of(self, place: PartLevel) -> CohortRule | None:
        """The rule of the decision that opened the level last, whether or not it is still the open one."""
        return last_rule(self.decisions.values(), place)

    def held_by(self, level: DoseLevel) -> frozenset[str]:
        """Everything that holds the level besides its rule; only decisions' holds are stored with it."""
        own = {hold.id for hold in self.holds if hold.place == level.place}
        reports = {f"unmatched_report:{report}" for report in self.unmatched_reports}
        return level.held_by | own | reports

    def held_level(self, place: PartLevel) -> DoseLevel | None:
        record = self.levels.get(place)
        return None if record is None else replace(record.level, held_by=self.held_by(record.level))

    def reservations(self, site_id: SiteId, *, but: SlotId | None = None) -> SiteReservations:
        """What the site holds, `but` one slot that is about to be taken up."""
        held = [
            it
            for it in self.slots.values()
            if it.held and it.held.holder.site_id == site_id and it.slot.id != but
        ]
        return SiteReservations(
            reserved=len(held),
            registered=self.registered_at_site(site_id),
            max_open_reservations=self.policy.max_open_reservations,
            per_site_cap=self.policy.per_site_cap,
        )

    def registered_at_site(self, site_id: SiteId) -> int:
        return sum(it.site_id == site_id and it.cohort.counts for it in self.members.values())

    def registered_in_part(self, part: str) -> int:
        """Registered participants of the part who count towards its target."""
        return sum(
            it.cohort.place.part == part and it.cohort.counts and not self._not_evaluable(it)
            for it in self.members.values()
        )

    def _not_evaluable(self, member: Member) -> bool:
        state = self.verdicts.get(member.cohort.participant_id)
        return state is not None and state.verdict is Verdict.NOT_EVALUABLE and not state.speaks_of_dlt

    def caps(self, site_id: SiteId) -> tuple[Cap, ...]:
        registered = self.registered_at_site(site_id)
        site = self.sites.get(site_id)
        limits = {
            "site": self.policy.per_site_cap,
            "site_recruitment": None if site is None else site.recruitment_cap,
        }
        return tuple(
            Cap(name=name, limit=limit, registered=registered)
            for name, limit in limits.items()
            if limit is not None
        )

    def halts_on(self, place: PartLevel, site_id: SiteId | None) -> tuple[Halt, ...]:
        """Halts of recruitment at a level; without a site only those that stop every site."""
        if site_id is not None:
            return halts_covering(self.halts, HaltedAct.RECRUITMENT, place, site_id)
        everywhere = tuple(halt for halt in self.halts if halt.scope.site_id is None)
        return halts_covering(everywhere, HaltedAct.RECRUITMENT, place, SiteId(""))


def last_rule(decisions: Iterable[KnownDecision], place: PartLevel) -> CohortRule | None:
    applied = [
        (decision.applied_at, decision.id, decision)
        for decision in decisions
        if decision.opens
        and decision.took_effect
        and decision.place == place
        and decision.applied_at is not None
    ]
    return max(applied, key=lambda known: known[:2])[2].rule if applied else None
