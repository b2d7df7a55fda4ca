import pytest

from services.enrolment.domain.guards import check, duty_guard, freshness_guard, guard, refusal_from


@pytest.mark.parametrize(
    ("delegated", "visible", "code"),
    [
        (True, True, ""),
        (False, True, "forbidden"),
        (True, False, "not_found"),
        (False, False, "not_found"),
    ],
)
def test_another_sites_object_is_as_if_absent(delegated: bool, visible: bool, code: str) -> None:
    result = duty_guard(duty="register", delegated=delegated, visible=visible)

    assert (result.number, result.code) == (1, code)


def test_stale_producers_are_named() -> None:
    result = freshness_guard(["safety"])
    refusal = refusal_from([result])

    assert refusal is not None
    assert (refusal.code, refusal.kind.status) == ("trial_state_unknown", 503)
    assert "safety" in refusal.detail
    assert result.inputs["stale"] == ["safety"]


def test_fresh_producers_pass_and_are_recorded() -> None:
    result = freshness_guard([])

    assert (result.number, result.passed, result.inputs["checked"]) == (2, True, ["safety", "sponsor"])


def test_no_failing_guard_makes_no_refusal() -> None:
    assert refusal_from([check(True, 16, "level", "dose_level_closed", "Closed.")]) is None


def test_an_outcome_and_its_code_belong_together() -> None:
    with pytest.raises(ValueError, match="made_up"):
        guard(3, "trial", "made_up", "No.")


def test_a_guard_that_passed_gives_no_reason() -> None:
    assert check(True, 16, "level", "dose_level_closed", "Closed.").detail == ""
