"""The table of kinds: complete, and nothing in it that a protocol file or a role would not know."""

from typing import get_args

import pytest

from services.sponsor.domain.roles import Role
from services.sponsor.domain.trial_kind import KindRules
from services.sponsor.events.protocol_file import ProtocolFile, Trial
from services.sponsor.store.trial_kinds import trial_kinds

TABLE = trial_kinds()
ALL_RULES = [*TABLE.medicines.values(), *TABLE.others.values()]
CLINICAL = {"dose_finding", "expansion", "randomised", "advanced_therapy", "radiotherapy", "supportive_care"}


def test_every_kind_of_the_protocol_file_has_its_rules() -> None:
    kinds = set(get_args(Trial.model_fields["kind"].annotation))

    assert set(TABLE.medicines) == set(TABLE.others) == kinds


def test_a_trial_of_a_medicine_leads_with_the_combined_review_and_any_other_with_the_ethics_committee() -> (
    None
):
    assert {rules.leading.kind for rules in TABLE.medicines.values()} == {"combined_review"}
    assert {rules.leading.kind for rules in TABLE.others.values()} == {"rec_favourable_opinion"}


@pytest.mark.parametrize("rules", ALL_RULES, ids=lambda rules: rules.kind)
def test_a_row_is_usable(rules: KindRules) -> None:
    kinds = [approval.kind for approval in rules.approvals]
    regimes = str(ProtocolFile.model_json_schema()["properties"]["reporting_regimes"])

    assert len(set(kinds)) == len(kinds)
    assert rules.regime in regimes
    assert rules.status in {"confirmed", "project", "verify"}
    assert rules.source
    assert {approval.status for approval in rules.approvals} <= {"confirmed", "verify"}
    assert rules.leading.covers.value == "documents"


def test_only_clinical_kinds_may_have_dose_levels() -> None:
    assert {rules.kind for rules in ALL_RULES if rules.levels} == CLINICAL
    assert {rules.kind for rules in ALL_RULES if rules.registration} == CLINICAL


def test_cell_and_gene_therapy_is_followed_up_for_fifteen_years() -> None:
    assert {rules.kind: rules.follow_up_years for rules in ALL_RULES if rules.follow_up_years} == {
        "advanced_therapy": 15
    }


def test_two_people_of_the_trial_office_sign_letters_in() -> None:
    assert TABLE.letters.minimum_signers == 2
    assert TABLE.letters.signing_roles == {Role.TRIAL_MANAGER, Role.SPONSOR_QA}
    assert not TABLE.letters.may_sign(Role.SRC_CHAIR)
