import pytest

from services.safety.domain.refusals import REFUSALS, Refused


def test_a_refusal_carries_its_code_detail_and_facts() -> None:
    refused = Refused("reason_required", "Say why.", {"field": "reason"})

    assert (refused.code, refused.detail, dict(refused.facts)) == (
        "reason_required",
        "Say why.",
        {"field": "reason"},
    )


def test_a_code_outside_the_register_cannot_be_raised() -> None:
    with pytest.raises(LookupError, match="not_in_the_register"):
        Refused("not_in_the_register", "x")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("reason_required", 422),
        ("investigator_causality_protected", 409),
        ("grade_not_defined_for_term", 422),
        ("dictionary_version_not_pinned", 422),
        ("time_in_future", 422),
        ("impossible_date", 422),
        ("onset_after_awareness", 422),
        ("alert_already_acknowledged", 409),
    ],
)
def test_the_status_belongs_to_the_code(code: str, status: int) -> None:
    assert REFUSALS[code].status == status
