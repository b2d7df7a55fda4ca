from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.sponsor.domain.green_light import (
    DEFAULT_CHECKLIST,
    Evidence,
    GreenLight,
    GreenLightState,
    decide_green_light,
    missing_items,
    revoke,
)
from services.sponsor.domain.ids import EvidenceId, PersonId, SiteId, TrialId
from services.sponsor.domain.refusals import Refused

NOW = datetime(2026, 3, 29, 14, tzinfo=UTC)
TODAY = date(2026, 3, 29)
PI, ANNA, BEN, CARL = PersonId("pi"), PersonId("anna"), PersonId("ben"), PersonId("carl")
NEW = GreenLight(trial_id=TrialId("t1"), site_id=SiteId("s1"), protocol_version="4.0")
COMPLETE = tuple(
    Evidence(item=item.id, evidence_id=EvidenceId(f"doc-{item.id}"), signed_by=PI, signed_on=TODAY)
    for item in DEFAULT_CHECKLIST
)


def grant(light: GreenLight, signer: PersonId, evidence: tuple[Evidence, ...] = COMPLETE) -> GreenLight:
    return decide_green_light(
        light, evidence, checklist=DEFAULT_CHECKLIST, signer=signer, investigators={PI}, now=NOW, today=TODAY
    )


def refusal_of(call: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value


def test_a_complete_checklist_is_granted_by_one_person() -> None:
    light = grant(NEW, ANNA)

    assert (light.state, light.signed_by, light.granted_at) == (GreenLightState.GRANTED, (ANNA,), NOW)


def test_every_missing_item_is_named() -> None:
    refusal = refusal_of(lambda: grant(NEW, ANNA, COMPLETE[2:]))

    assert refusal.code == "evidence_missing"
    assert refusal.facts["missing"] == ("approvals", "capacity_and_capability")


@pytest.mark.parametrize(
    "gap",
    [{"evidence_id": EvidenceId("")}, {"signed_by": PersonId("")}, {"signed_on": date(2026, 3, 30)}],
)
def test_evidence_without_document_signer_or_past_date_is_missing(gap: dict[str, object]) -> None:
    flawed = (replace(COMPLETE[0], **gap), *COMPLETE[1:])  # type: ignore[arg-type]

    assert missing_items(DEFAULT_CHECKLIST, flawed, TODAY) == ("approvals",)


def test_the_sites_own_investigator_cannot_sign() -> None:
    assert refusal_of(lambda: grant(NEW, PI)).code == "signer_is_site_pi"


def test_one_person_revokes_at_once_with_a_reason() -> None:
    light = revoke(grant(NEW, ANNA), "Freezer failed.", ANNA, NOW)

    assert (light.state, light.revoked_because) == (GreenLightState.REVOKED, "Freezer failed.")
    assert refusal_of(lambda: revoke(grant(NEW, ANNA), " ", ANNA, NOW)).code == "reason_required"


def test_after_a_revocation_two_people_grant_again() -> None:
    revoked = revoke(grant(NEW, ANNA), "Freezer failed.", CARL, NOW)

    proposed = grant(revoked, ANNA)
    granted = grant(proposed, BEN)

    assert proposed.state is GreenLightState.REGRANT_PROPOSED
    assert refusal_of(lambda: grant(proposed, ANNA)).code == "second_person_required"
    assert (granted.state, granted.signed_by) == (GreenLightState.GRANTED, (ANNA, BEN))


def test_the_second_person_is_not_the_investigator_either() -> None:
    proposed = grant(revoke(grant(NEW, ANNA), "Freezer failed.", CARL, NOW), ANNA)

    assert refusal_of(lambda: grant(proposed, PI)).code == "signer_is_site_pi"


def test_evidence_is_checked_again_at_the_second_signature() -> None:
    proposed = grant(revoke(grant(NEW, ANNA), "Freezer failed.", CARL, NOW), ANNA)

    assert refusal_of(lambda: grant(proposed, BEN, COMPLETE[1:])).code == "evidence_missing"


def test_a_proposed_new_grant_is_revoked_too_and_then_starts_again_with_two() -> None:
    proposed = grant(revoke(grant(NEW, ANNA), "Freezer failed.", CARL, NOW), ANNA)

    again = revoke(proposed, "Still broken.", BEN, NOW)

    assert again.signed_by == ()
    assert grant(again, BEN).state is GreenLightState.REGRANT_PROPOSED


def test_what_is_not_granted_is_not_revoked_and_what_is_granted_is_not_granted_twice() -> None:
    assert refusal_of(lambda: revoke(NEW, "x", ANNA, NOW)).code == "green_light_not_granted"
    assert refusal_of(lambda: grant(grant(NEW, ANNA), BEN)).code == "green_light_already_granted"
