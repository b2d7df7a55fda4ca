from datetime import UTC, datetime, timedelta

import pytest

from services.enrolment.domain.halt import (
    Halt,
    HaltedAct,
    HaltScope,
    halts_covering,
    registered_before_halt_seen,
)
from services.enrolment.domain.ids import HaltId, PartLevel, SiteId

LEVEL_2 = PartLevel(part="escalation", level=2)
A, B = SiteId("a"), SiteId("b")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_halt_without_a_place_covers_every_place() -> None:
    scope = HaltScope(recruitment=True, dosing=True)

    assert scope.covers(HaltedAct.RECRUITMENT, LEVEL_2, A)
    assert scope.covers(HaltedAct.DOSING, PartLevel(part="expansion", level=1), B)


def test_a5_recruitment_only_halt_lets_dosing_proceed() -> None:
    scope = HaltScope(recruitment=True, dosing=False)

    assert scope.covers(HaltedAct.RECRUITMENT, LEVEL_2, A)
    assert not scope.covers(HaltedAct.DOSING, LEVEL_2, A)


def test_a5_halt_at_one_site_leaves_the_others() -> None:
    scope = HaltScope(site_id=B, recruitment=True, dosing=True)

    assert scope.covers(HaltedAct.RECRUITMENT, LEVEL_2, B)
    assert not scope.covers(HaltedAct.RECRUITMENT, LEVEL_2, A)


@pytest.mark.parametrize(
    ("place", "covered"),
    [
        (LEVEL_2, True),
        (PartLevel(part="escalation", level=1), False),
        (PartLevel(part="expansion", level=2), False),
    ],
)
def test_a_halt_of_a_level_covers_that_level_of_that_part(place: PartLevel, covered: bool) -> None:
    scope = HaltScope(part="escalation", level=2, recruitment=True, dosing=False)

    assert scope.covers(HaltedAct.RECRUITMENT, place, A) is covered


def test_a_level_without_a_part_and_a_halt_of_nothing_are_no_scopes() -> None:
    with pytest.raises(ValueError, match="names its part"):
        HaltScope(level=2, recruitment=True, dosing=False)
    with pytest.raises(ValueError, match="recruitment, dosing or both"):
        HaltScope(recruitment=False, dosing=False)


def test_only_covering_halts_are_named() -> None:
    whole = Halt(id=HaltId("h1"), scope=HaltScope(recruitment=True, dosing=False), effective_at=NOON)
    other = Halt(
        id=HaltId("h2"), scope=HaltScope(site_id=B, recruitment=True, dosing=False), effective_at=NOON
    )

    assert halts_covering((whole, other), HaltedAct.RECRUITMENT, LEVEL_2, A) == (whole,)


@pytest.mark.parametrize(("after_seconds", "flagged"), [(-1, False), (0, True), (30, True)])
def test_a_registration_at_or_after_the_halt_is_flagged(after_seconds: int, flagged: bool) -> None:
    halt = Halt(id=HaltId("h1"), scope=HaltScope(recruitment=True, dosing=False), effective_at=NOON)
    registered_at = NOON + timedelta(seconds=after_seconds)

    assert registered_before_halt_seen(halt, registered_at, LEVEL_2, A) is flagged
