import re
from pathlib import Path

import pytest

from services.enrolment.domain import refusals
from services.enrolment.domain.refusals import REFUSALS, Refused

DOMAIN = Path(refusals.__file__).parent
STATUS_OF_GUARD_CODES = {
    "forbidden": 403,
    "not_found": 404,
    "trial_state_unknown": 503,
    "trial_not_open": 409,
    "trial_halted": 409,
    "site_halted": 409,
    "site_suspended": 409,
    "site_not_activated": 409,
    "version_sunset": 409,
    "consent_missing": 409,
    "consent_version_stale": 409,
    "consent_wrong_person": 409,
    "consent_not_delegated": 409,
    "assent_decision_required": 409,
    "eligibility_incomplete": 409,
    "eligibility_unsigned": 409,
    "eligibility_expired": 409,
    "judgement_missing": 409,
    "age_out_of_range": 409,
    "possible_duplicate": 409,
    "target_reached": 409,
    "cap_reached": 409,
    "dose_level_closed": 409,
    "no_signed_decision": 409,
    "decision_superseded": 409,
    "decision_not_received_at_site": 409,
    "cohort_hold": 409,
    "slot_required": 409,
    "slot_expired": 409,
    "slot_revoked": 409,
    "slot_frozen": 409,
    "stagger_not_elapsed": 409,
    "sentinel_not_dosed": 409,
    "pseudonym_invalid": 422,
    "time_in_future": 422,
    "version_conflict": 409,
    "idempotency_mismatch": 422,
    "dosing_halted": 409,
    "adult_consent_due": 409,
    "treatment_stopped": 409,
}


def test_every_guard_code_has_its_status() -> None:
    assert {code: REFUSALS[code].status for code in STATUS_OF_GUARD_CODES} == STATUS_OF_GUARD_CODES


def test_the_register_has_no_code_that_no_rule_uses() -> None:
    rules = [*DOMAIN.glob("*.py"), *(DOMAIN.parent / "commands").glob("*.py")]
    source = "".join(path.read_text() for path in rules if path.name != "refusals.py")

    assert [code for code in REFUSALS if f'"{code}"' not in source] == []


def test_no_rule_raises_a_code_outside_the_register() -> None:
    source = "".join(path.read_text() for path in DOMAIN.glob("*.py"))
    raised = set(re.findall(r'Refused\(\s*"([a-z_]+)"', source))

    assert raised
    assert raised <= set(REFUSALS)


def test_an_unregistered_code_cannot_be_raised() -> None:
    with pytest.raises(LookupError):
        Refused("because_i_say_so", "No.")


def test_a_refusal_carries_facts_and_its_status() -> None:
    refusal = Refused("trial_halted", "Halted.", halt_id="h1")

    assert (refusal.code, refusal.kind.status, dict(refusal.facts)) == (
        "trial_halted",
        409,
        {"halt_id": "h1"},
    )
