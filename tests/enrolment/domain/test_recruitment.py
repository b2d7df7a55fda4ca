from datetime import date

import pytest

from services.enrolment.domain.recruitment import AtTarget, TargetPolicy, check_screening_allowed
from services.enrolment.domain.refusals import Refused


def test_screening_counts_everybody_on_the_way_towards_the_target() -> None:
    check_screening_allowed(12, consented=1, reserved=1, registered=9)

    with pytest.raises(Refused) as refusal:
        check_screening_allowed(12, consented=1, reserved=1, registered=10)

    assert refusal.value.code == "target_reached"


def test_a_part_without_a_target_never_reaches_it() -> None:
    check_screening_allowed(None, consented=0, reserved=0, registered=5000)


@pytest.mark.parametrize(
    "fields", [{"at_target": AtTarget.ALLOW_UNTIL}, {"at_target": AtTarget.ALLOW, "until": date(2026, 6, 15)}]
)
def test_a_last_date_belongs_to_allow_until_alone(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="allow_until"):
        TargetPolicy(**fields)  # type: ignore[arg-type]
