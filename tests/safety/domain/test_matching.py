from datetime import UTC, datetime

import pytest

from services.safety.domain.ids import PersonId
from services.safety.domain.matching import (
    ClearanceRequest,
    Matched,
    decide_clearance,
    reported_key,
    require_matchable,
)
from services.safety.domain.refusals import Refused

NOW = datetime(2026, 3, 12, tzinfo=UTC)
ONE, OTHER = PersonId("one"), PersonId("other")
ASKED = ClearanceRequest(by=ONE, at=NOW, reason="x")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (" ep01-012-0017\n", "EP01-012-0017"),
        ("EP01 - 012 - 0017", "EP01-012-0017"),
        ("", ""),
        ("N" * 65, ""),
        ("EP01–012", ""),
        ("A\u0007B", ""),
    ],
)
def test_numbers_are_compared_in_capitals_without_blanks(text: str, key: str) -> None:
    assert reported_key(text) == key


def test_a_clearance_takes_two_people() -> None:
    first = decide_clearance(Matched.UNMATCHED, None, by=ONE, reason=" x ", now=NOW)

    assert first == ASKED
    assert decide_clearance(Matched.UNMATCHED, first, by=OTHER, reason="y", now=NOW) is None


@pytest.mark.parametrize(
    ("state", "request_", "reason", "code"),
    [
        (Matched.UNMATCHED, ASKED, "x", "second_person_required"),
        (Matched.UNMATCHED, None, " ", "reason_required"),
        (Matched.CLEARED, None, "x", "report_already_cleared"),
        (Matched.MATCHED, None, "x", "report_not_unmatched"),
    ],
)
def test_what_a_clearance_refuses(
    state: Matched, request_: ClearanceRequest | None, reason: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        decide_clearance(state, request_, by=ONE, reason=reason, now=NOW)

    assert refused.value.code == code


def test_a_cleared_report_can_still_be_matched() -> None:
    require_matchable(Matched.CLEARED)
    require_matchable(Matched.UNMATCHED)
