"""Halts: one person stops, two different people start again, and nobody on treatment is forgotten."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.sponsor.domain.ids import EvidenceId, HaltId, PersonId, SiteId, TrialId
from services.sponsor.domain.refusals import Refused, require_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltScope:
    """Place and acts of a halt, as stated and never inferred; `part`, `level` or `site_id` None means all.

    Raises:
        Refused: `halt_scope_invalid` for a level without its part, or a halt that stops nothing.
    """

    part: str | None = None
    level: int | None = None
    site_id: SiteId | None = None
    recruitment: bool
    dosing: bool

    def __post_init__(self) -> None:
        if self.level is not None and self.part is None:
            raise Refused("halt_scope_invalid", "A halt of a level names its part.")
        if not (self.recruitment or self.dosing):
            raise Refused("halt_scope_invalid", "A halt stops recruitment, dosing or both.")


class HaltState(StrEnum):
    IN_FORCE = "in_force"
    LIFT_REQUESTED = "lift_requested"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftRequest:
    """Who asks to start again, on which evidence; the halt stays in force."""

    requested_by: PersonId
    requested_at: datetime
    reason: str
    evidence_id: EvidenceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """A halt in force until lifted.

    Attributes:
        plan: what happens to participants on treatment; empty until someone has stated it.
        request: the open request to lift it; None when there is none.
        lifted_by: the second person; None while the halt is in force.
    """

    id: HaltId
    trial_id: TrialId
    scope: HaltScope
    reason: str
    imposed_by: PersonId
    effective_at: datetime
    plan: str = ""
    request: LiftRequest | None = None
    lifted_by: PersonId | None = None
    lifted_at: datetime | None = None

    @property
    def state(self) -> HaltState:
        if self.lifted_by is not None:
            return HaltState.LIFTED
        return HaltState.IN_FORCE if self.request is None else HaltState.LIFT_REQUESTED


def decide_halt(
    halt_id: HaltId, trial_id: TrialId, scope: HaltScope, reason: str, imposed_by: PersonId, now: datetime
) -> Halt:
    """A halt in force at once, by one person; the plan for participants on treatment may follow.

    Raises:
        Refused: `reason_required`.
    """
    return Halt(
        id=halt_id,
        trial_id=trial_id,
        scope=scope,
        reason=require_reason(reason),
        imposed_by=imposed_by,
        effective_at=now,
    )


def state_plan(halt: Halt, plan: str) -> Halt:
    """The halt with what happens to participants on treatment, in words even when there are none.

    Raises:
        Refused: `halt_not_in_force`, `reason_required`.
    """
    _require_in_force(halt)
    return replace(halt, plan=require_reason(plan))


def request_lift(
    halt: Halt, requested_by: PersonId, reason: str, evidence_id: EvidenceId, now: datetime
) -> Halt:
    """The halt with a request to lift it; a newer request replaces the older one.

    Raises:
        Refused: `halt_not_in_force`, `reason_required`, `evidence_missing`.
    """
    _require_in_force(halt)
    if not evidence_id:
        raise Refused(
            "evidence_missing", "Name the evidence for starting again.", missing=("restart_evidence",)
        )
    request = LiftRequest(
        requested_by=requested_by,
        requested_at=now,
        reason=require_reason(reason),
        evidence_id=evidence_id,
    )
    return replace(halt, request=request)


def approve_lift(halt: Halt, approved_by: PersonId, now: datetime) -> Halt:
    """The halt lifted by someone other than the person who asked for it.

    Raises:
        Refused: `halt_not_in_force`, `lift_not_requested`, `second_person_required`,
            `treatment_plan_required`.
    """
    _require_in_force(halt)
    if halt.request is None:
        raise Refused("lift_not_requested", "Somebody asks first, somebody else approves.")
    if halt.request.requested_by == approved_by:
        raise Refused("second_person_required", "The person who asked cannot approve.")
    if not halt.plan:
        raise Refused("treatment_plan_required", "State what happens to participants on treatment.")
    return replace(halt, lifted_by=approved_by, lifted_at=now)


def _require_in_force(halt: Halt) -> None:
    if halt.state is HaltState.LIFTED:
        raise Refused("halt_not_in_force", "The halt has been lifted.", lifted_at=halt.lifted_at)
