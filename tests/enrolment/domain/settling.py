"""A board with members, verdicts and decisions, as the settlement tests state it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from services.enrolment.domain.board import Board, Member, SitePlace, SlotPolicy
from services.enrolment.domain.cohort_counts import CohortMember, Verdict, VerdictState
from services.enrolment.domain.cohort_rule import BoundaryRule
from services.enrolment.domain.decisions import DecisionKind, KnownDecision
from services.enrolment.domain.ids import DecisionId, ParticipantId, PartLevel, SiteId
from services.enrolment.domain.recruitment import SiteStatus, TrialStatus
from services.enrolment.domain.settlement import settled

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
LEVELS = {n: PartLevel(part="escalation", level=n) for n in (1, 2, 3)}
SITE = SiteId("012")


def ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"new-{next(numbers):04d}"


def rule(place: PartLevel, close_at: int = 2) -> BoundaryRule:
    return BoundaryRule(source={"text": "any"}, counts=(place,), max_evaluable=6, limits=((0, close_at),))


def decision(
    name: str, level: int = 1, kind: DecisionKind = DecisionKind.OPEN_LEVEL, **fields: Any
) -> KnownDecision:
    plain = KnownDecision(
        id=DecisionId(name),
        kind=kind,
        place=LEVELS[level],
        places=3,
        rule=rule(LEVELS[level]),
        signers=2,
        superseded=False,
        in_force_at=NOON,
    )
    return replace(plain, **fields)


def board(*decisions: KnownDecision, **fields: Any) -> Board:
    plain = Board(
        trial_id="trial",
        code="EP01",
        status=TrialStatus.OPEN,
        policy=SlotPolicy(),
        protocol_levels=frozenset(LEVELS.values()),
        levels={},
        decisions={it.id: it for it in decisions},
        halts=(),
        holds=(),
        unmatched_reports=(),
        members={},
        verdicts={},
        slots={},
        entries={},
        sites={
            SITE: SitePlace(
                number=SITE,
                status=SiteStatus.GREEN_LIGHT,
                zone="UTC",
                country="GB",
                green_lit=frozenset({"1.0"}),
            )
        },
    )
    return replace(plain, **fields)


def after(start: Board, now: datetime = NOON) -> Board:
    return settled(start, now, ids()).as_board()


def states(result: Board) -> dict[int, str]:
    return {place.level: record.level.state.value for place, record in result.levels.items()}


def member(name: str, level: int = 1) -> Member:
    return Member(
        cohort=CohortMember(participant_id=ParticipantId(name), place=LEVELS[level], dosed=True),
        site_id=SITE,
        decision_id=DecisionId("d1"),
        registered_at=NOON - timedelta(days=1),
        first_dose_at=NOON - timedelta(days=1),
    )


def members(*names: str, level: int = 1) -> dict[ParticipantId, Member]:
    return {ParticipantId(name): member(name, level) for name in names}


def verdicts(**given: str) -> Mapping[ParticipantId, VerdictState]:
    return {
        ParticipantId(name): VerdictState(participant_id=ParticipantId(name), verdict=Verdict(verdict))
        for name, verdict in given.items()
    }
