from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from services.sponsor.domain.ids import EvidenceId, HaltId, PersonId, TrialId
from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role
from services.sponsor.domain.trial import (
    Approval,
    OpeningFacts,
    OpeningItem,
    Trial,
    TrialState,
    decide_closing,
    decide_opening,
    decide_pause,
    decide_restart,
    missing_approvals,
    missing_for_opening,
)
from services.sponsor.domain.trial_kind import ApprovalKind, Covers

TODAY = date(2026, 5, 4)
DOCUMENTS = frozenset({("protocol", "4.0"), ("parent-information", "3")})
REVIEW = ApprovalKind(
    kind="combined_review", title="Review", covers=Covers.DOCUMENTS, source="-", status="confirmed"
)
LICENCE = ApprovalKind(kind="licence", title="Licence", covers=Covers.TRIAL, source="-", status="verify")
APPROVAL = Approval(
    kind="combined_review",
    evidence_id=EvidenceId("e1"),
    protocol_version="4.0",
    approved_on=date(2026, 5, 1),
    last_day=date(2028, 4, 30),
    documents=DOCUMENTS,
)
READY = OpeningFacts(
    protocol_version="4.0",
    needed=(REVIEW,),
    approvals=(APPROVAL,),
    documents_in_use=DOCUMENTS,
    registry_ids=("ISRCTN00000000",),
    registration_due_on=date(2026, 7, 30),
    registration_needed=True,
    chief_investigators=frozenset({PersonId("ci")}),
    holders={
        Role.SRC_CHAIR: frozenset({PersonId("chair")}),
        Role.MEDICAL_MONITOR: frozenset({PersonId("monitor")}),
    },
    signing=SigningRules(required_roles=(Role.SRC_CHAIR, Role.MEDICAL_MONITOR), minimum_signers=2),
    has_levels=True,
    hosted=False,
    blinded=False,
    regimes={"GB": "uk-2026"},
)
NEW = Trial(id=TrialId("t1"))
Item = OpeningItem


def refusal_of(call: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value


def test_a_trial_with_everything_there_opens() -> None:
    assert decide_opening(NEW, READY, TODAY).state is TrialState.OPEN


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"approvals": ()}, (Item.CURRENT_APPROVAL, Item.APPROVED_DOCUMENT_VERSIONS)),
        (
            {"approvals": (replace(APPROVAL, last_day=date(2026, 5, 3)),)},
            (Item.CURRENT_APPROVAL, Item.APPROVED_DOCUMENT_VERSIONS),
        ),
        (
            {"approvals": (replace(APPROVAL, protocol_version="3.0"),)},
            (Item.CURRENT_APPROVAL, Item.APPROVED_DOCUMENT_VERSIONS),
        ),
        ({"needed": (REVIEW, LICENCE)}, (Item.CURRENT_APPROVAL,)),
        ({"needed": (LICENCE,)}, (Item.CURRENT_APPROVAL, Item.APPROVED_DOCUMENT_VERSIONS)),
        ({"signing": None}, (Item.QUORUM_POSSIBLE,)),
        ({"holders": {}, "hosted": True}, (Item.QUORUM_POSSIBLE,)),
        ({"documents_in_use": DOCUMENTS | {("assent", "2")}}, (Item.APPROVED_DOCUMENT_VERSIONS,)),
        ({"documents_in_use": frozenset()}, (Item.APPROVED_DOCUMENT_VERSIONS,)),
        ({"registry_ids": (), "registration_due_on": date(2026, 5, 3)}, (Item.REGISTRATION,)),
        ({"chief_investigators": frozenset()}, (Item.CHIEF_INVESTIGATOR,)),
        ({"holders": {}}, (Item.MEDICAL_MONITOR, Item.QUORUM_POSSIBLE)),
        ({"blinded": True}, (Item.EMERGENCY_UNBLINDING_TESTED,)),
        ({"halts": (HaltId("h1"),)}, (Item.NO_HALT,)),
        ({"regimes": {"GB": "uk-2026", "FR": ""}}, (Item.REPORTING_REGIME,)),
        ({"regimes": {}}, (Item.REPORTING_REGIME,)),
    ],
)
def test_each_missing_item_is_named(change: dict[str, object], missing: tuple[OpeningItem, ...]) -> None:
    facts = replace(READY, **change)  # type: ignore[arg-type]

    assert missing_for_opening(facts, TODAY) == missing


def test_a_refused_opening_lists_everything_at_once() -> None:
    facts = replace(READY, approvals=(), chief_investigators=frozenset(), halts=(HaltId("h1"),))

    refusal = refusal_of(lambda: decide_opening(NEW, facts, TODAY))

    assert refusal.code == "evidence_missing"
    assert refusal.facts["missing"] == (
        "current_approval",
        "approved_document_versions",
        "chief_investigator",
        "no_halt",
    )
    assert refusal.facts["halts"] == ("h1",)
    assert refusal.facts["approvals"] == ("combined_review",)


def test_an_approval_of_the_trial_holds_for_every_version_and_one_of_documents_for_its_own() -> None:
    licence = replace(APPROVAL, kind="licence", protocol_version="3.0")
    review = replace(APPROVAL, protocol_version="3.0")
    facts = replace(READY, needed=(REVIEW, LICENCE))

    assert missing_approvals(replace(facts, approvals=(APPROVAL, licence)), TODAY) == ()
    assert missing_approvals(replace(facts, approvals=(review, licence)), TODAY) == ("combined_review",)
    assert missing_approvals(replace(facts, approvals=(APPROVAL,)), TODAY) == ("licence",)


@pytest.mark.parametrize(
    "change",
    [
        {"registry_ids": (), "registration_due_on": TODAY},
        {"approvals": (replace(APPROVAL, last_day=TODAY),)},
        {"holders": {}, "has_levels": False},
        {"signing": None, "has_levels": False},
        {"registry_ids": (), "registration_due_on": date(2026, 5, 3), "registration_needed": False},
        {
            "hosted": True,
            "holders": {Role.TRIAL_MANAGER: frozenset({PersonId("a"), PersonId("b")})},
            "signing": SigningRules(
                required_roles=(), minimum_signers=2, signing_roles=frozenset({Role.TRIAL_MANAGER})
            ),
        },
        {"blinded": True, "unblinding_tests": (EvidenceId("e2"),)},
    ],
)
def test_what_the_trial_does_not_need_or_still_has_does_not_stop_it(change: dict[str, object]) -> None:
    facts = replace(READY, **change)  # type: ignore[arg-type]

    assert decide_opening(NEW, facts, TODAY).state is TrialState.OPEN


def test_a_trial_is_paused_restarted_and_closed() -> None:
    paused = decide_pause(decide_opening(NEW, READY, TODAY), "Product recall.")
    restarted = decide_restart(paused, EvidenceId("e3"), ())
    closed = decide_closing(restarted, "Target reached.")

    assert [t.state for t in (paused, restarted, closed)] == [
        TrialState.PAUSED,
        TrialState.OPEN,
        TrialState.CLOSED,
    ]


def test_a_restart_needs_its_approval_and_no_halt() -> None:
    paused = Trial(id=TrialId("t1"), state=TrialState.PAUSED)

    refusal = refusal_of(lambda: decide_restart(paused, EvidenceId(""), (HaltId("h1"),)))

    assert refusal.code == "evidence_missing"
    assert refusal.facts["missing"] == ("restart_approval", "no_halt")


ALLOWED = {
    "open": {TrialState.SETUP},
    "pause": {TrialState.OPEN},
    "restart": {TrialState.PAUSED},
    "close": {TrialState.SETUP, TrialState.OPEN, TrialState.PAUSED},
}
CODES = {
    "open": "trial_not_in_setup",
    "pause": "trial_not_open",
    "restart": "trial_not_paused",
    "close": "trial_closed",
}


@pytest.mark.parametrize("state", list(TrialState))
@pytest.mark.parametrize("act", list(ALLOWED))
def test_every_act_is_possible_in_its_states_only(act: str, state: TrialState) -> None:
    trial = Trial(id=TrialId("t1"), state=state)
    acts: dict[str, Callable[[], Trial]] = {
        "open": lambda: decide_opening(trial, READY, TODAY),
        "pause": lambda: decide_pause(trial, "Reason."),
        "restart": lambda: decide_restart(trial, EvidenceId("e3"), ()),
        "close": lambda: decide_closing(trial, "Reason."),
    }

    if state in ALLOWED[act]:
        assert acts[act]().state is not state
    else:
        assert refusal_of(acts[act]).code == CODES[act]
