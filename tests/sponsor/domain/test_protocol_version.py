from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.sponsor.domain.ids import PersonId, ProtocolVersionId, TrialId
from services.sponsor.domain.protocol_terms import ProtocolTerms
from services.sponsor.domain.protocol_version import (
    ProtocolVersion,
    VersionApproval,
    decide_approval,
    require_same_trial,
    version_in_force,
)
from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TODAY = date(2026, 5, 4)
TERMS = ProtocolTerms(
    code="EP01",
    kind="dose_finding",
    ctimp=True,
    hosted=False,
    version="1.0",
    title="A trial",
    zone="Europe/London",
    registry_ids=(),
    regimes=("uk-2026",),
    documents=frozenset({("protocol", "1.0")}),
    signing=SigningRules(required_roles=(Role.SRC_CHAIR, Role.MEDICAL_MONITOR), minimum_signers=2),
    blinded=False,
    randomised=False,
    follow_up_years=0,
    parts={},
)
UPLOADED = ProtocolVersion(
    id=ProtocolVersionId("v1"),
    trial_id=TrialId("t1"),
    sha256="0" * 64,
    terms=TERMS,
    uploaded_by=PersonId("manager"),
    uploaded_at=NOW,
)
APPROVAL = VersionApproval(
    reference="CR-1",
    approved_on=TODAY,
    last_day=date(2028, 5, 3),
    documents=TERMS.documents,
    effective_at=NOW,
    previous_sunset_at=None,
    approved_by=PersonId("quality"),
    approved_at=NOW,
)


def code_of(version: ProtocolVersion, approval: VersionApproval) -> str:
    with pytest.raises(Refused) as refusal:
        decide_approval(version, approval, TODAY)
    return refusal.value.code


def test_somebody_else_approves_once() -> None:
    approved = decide_approval(UPLOADED, APPROVAL, TODAY)

    assert approved.approval == APPROVAL
    assert code_of(approved, APPROVAL) == "protocol_version_approved"
    assert code_of(UPLOADED, replace(APPROVAL, approved_by=PersonId("manager"))) == "second_person_required"


@pytest.mark.parametrize(
    "change",
    [
        {"approved_on": TODAY + timedelta(days=1)},
        {"last_day": TODAY - timedelta(days=1)},
        {"previous_sunset_at": NOW - timedelta(seconds=1)},
    ],
)
def test_dates_that_contradict_each_other_are_refused(change: dict[str, object]) -> None:
    assert code_of(UPLOADED, replace(APPROVAL, **change)) == "approval_period_invalid"  # type: ignore[arg-type]


def test_the_version_that_took_effect_last_is_in_force_and_none_before_its_instant() -> None:
    first = replace(UPLOADED, approval=APPROVAL)
    second = replace(
        UPLOADED,
        id=ProtocolVersionId("v2"),
        approval=replace(APPROVAL, effective_at=NOW + timedelta(days=1)),
    )
    versions = [second, UPLOADED, first]

    assert version_in_force([UPLOADED], NOW) is None
    assert version_in_force(versions, NOW - timedelta(seconds=1)) is None
    assert version_in_force(versions, NOW) == first
    assert version_in_force(versions, NOW + timedelta(days=1)) == second


@pytest.mark.parametrize("name", ["code", "zone", "kind", "ctimp", "hosted"])
def test_a_version_of_another_trial_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refusal:
        require_same_trial(TERMS, replace(TERMS, **{name: "other"}))  # type: ignore[arg-type]

    assert (refusal.value.code, refusal.value.facts["changed"]) == ("protocol_identity_changed", [name])
