"""The ten kinds of trial: each can be uploaded, and opens with exactly the approvals that it needs."""

from typing import Any

import pytest

from services.sponsor.store.trial_kinds import trial_kinds
from shared.testing.running import Running
from tests.sponsor.kinds import COHORT, KINDS, follow_up, protocol_of_kind, randomisation
from tests.sponsor.office import Json, Office, created, refused, registered_office, shown

NEEDED = {
    ("dose_finding", True): ["combined_review"],
    ("expansion", True): ["combined_review"],
    ("randomised", True): ["combined_review"],
    ("advanced_therapy", True): ["combined_review", "gene_therapy_committee"],
    ("radiotherapy", True): ["combined_review", "radiation_review"],
    ("radiotherapy", False): ["rec_favourable_opinion", "hra_approval", "radiation_review"],
    ("supportive_care", False): ["rec_favourable_opinion", "hra_approval"],
    ("sample_study", False): ["rec_favourable_opinion", "hra_approval", "hta_licence"],
    ("survivor_cohort", False): ["rec_favourable_opinion", "hra_approval"],
    ("quality_of_life", False): ["rec_favourable_opinion", "hra_approval"],
    ("qualitative", False): ["rec_favourable_opinion", "hra_approval"],
}
CLINICAL = {"dose_finding", "expansion", "randomised", "advanced_therapy", "radiotherapy", "supportive_care"}
ROWS = sorted(NEEDED)


async def approve(office: Office, kind: str) -> Json:
    body = {"reference": f"{kind}-1", "approved_on": "2026-02-27", "kind_of_approval": kind}
    return created(await office.quality.post(f"/protocol-versions/{office.version_id}/approvals", body))


async def opening(office: Office) -> Any:
    body = {"registration_due_on": "2999-01-01"}
    return await office.manager.post(f"/trials/{office.trial_id}/openings", body)


def test_every_kind_of_trial_stands_in_these_rows() -> None:
    assert {kind for kind, _ in ROWS} == set(KINDS)


@pytest.mark.parametrize("hosted", [False, True], ids=["own", "hosted"])
@pytest.mark.parametrize(("kind", "ctimp"), ROWS)
async def test_a_kind_opens_with_exactly_its_approvals_and_the_refusal_names_each_that_is_missing(
    kind: str, ctimp: bool, hosted: bool, running: Running
) -> None:
    needed = NEEDED[kind, ctimp]
    office = await registered_office(running, protocol_of_kind(kind, ctimp=ctimp, hosted=hosted))
    await office.delegate("investigator", "site_investigator")

    nothing = refused(await opening(office), 409, "evidence_missing")
    assert nothing["approvals"] == needed

    for position, approval in enumerate(needed):
        missing = refused(await opening(office), 409, "evidence_missing")
        assert missing["approvals"] == needed[position:]
        assert all(name in missing["detail"] for name in needed[position:])
        await approve(office, approval)
    assert created(await opening(office))["state"] == "open"


@pytest.mark.parametrize(("kind", "ctimp"), [row for row in ROWS if len(NEEDED[row]) > 1])
async def test_without_any_one_of_its_approvals_a_kind_stays_shut(
    kind: str, ctimp: bool, running: Running
) -> None:
    leading, *further = NEEDED[kind, ctimp]
    for absent in further:
        protocol = protocol_of_kind(kind, ctimp=ctimp)
        protocol["trial"]["code"] = f"EP{absent[:3].upper()}"
        office = await registered_office(running, protocol)
        await office.delegate("investigator", "site_investigator")
        await approve(office, leading)
        for other in set(further) - {absent}:
            await approve(office, other)

        missing = refused(await opening(office), 409, "evidence_missing")

        assert (missing["missing"], missing["approvals"]) == (["current_approval"], [absent])


@pytest.mark.parametrize("hosted", [False, True], ids=["own", "hosted"])
@pytest.mark.parametrize(("kind", "ctimp"), ROWS)
async def test_of_the_shipped_table_the_removal_of_each_approval_is_named_in_the_refusal(
    kind: str, ctimp: bool, hosted: bool, running: Running
) -> None:
    shipped = [approval.kind for approval in trial_kinds().rules(kind, ctimp=ctimp).approvals]
    assert shipped == NEEDED[kind, ctimp]
    for number, absent in enumerate(shipped):
        protocol = protocol_of_kind(kind, ctimp=ctimp, hosted=hosted)
        protocol["trial"]["code"] = f"EP{number}X"
        office = await registered_office(running, protocol)
        await office.delegate("investigator", "site_investigator")
        for other in [one for one in shipped if one != absent]:
            await approve(office, other)

        missing = refused(await opening(office), 409, "evidence_missing")
        assert missing["approvals"] == [absent]
        assert absent in missing["detail"]

        await approve(office, absent)
        assert created(await opening(office))["state"] == "open"


@pytest.mark.parametrize("kind", KINDS)
async def test_only_clinical_trials_must_be_registered_in_public(kind: str, running: Running) -> None:
    office = await registered_office(running, protocol_of_kind(kind, ctimp=False))
    await office.delegate("investigator", "site_investigator")
    for approval in trial_kinds().rules(kind, ctimp=False).approvals:
        await approve(office, approval.kind)

    answer = await office.manager.post(f"/trials/{office.trial_id}/openings", {})

    if kind in CLINICAL:
        assert refused(answer, 409, "evidence_missing")["missing"] == ["registration"]
    else:
        assert created(answer)["state"] == "open"


async def test_committee_and_monitor_are_asked_for_only_where_there_are_levels(running: Running) -> None:
    office = await registered_office(
        running, protocol_of_kind("advanced_therapy", ctimp=True, with_levels=True)
    )
    await office.delegate("investigator", "site_investigator")
    for approval in NEEDED["advanced_therapy", True]:
        await approve(office, approval)

    missing = refused(await opening(office), 409, "evidence_missing")
    assert missing["missing"] == ["medical_monitor", "quorum_possible"]

    await office.delegate_committee()
    assert created(await opening(office))["state"] == "open"


async def test_a_blinded_trial_opens_once_emergency_unblinding_was_tested(running: Running) -> None:
    office = await registered_office(running, protocol_of_kind("randomised", ctimp=True, blinded=True))
    await office.delegate("investigator", "site_investigator")
    await approve(office, "combined_review")
    tests = f"/trials/{office.trial_id}/emergency-unblinding-tests"

    missing = refused(await opening(office), 409, "evidence_missing")
    assert missing["missing"] == ["emergency_unblinding_tested"]
    ahead = {"evidence_id": "drill-1", "tested_on": "2999-01-01"}
    refused(await office.manager.post(tests, ahead), 422, "evidence_dated_ahead")

    tested = created(await office.manager.post(tests, {"evidence_id": "drill-1", "tested_on": "2026-02-02"}))
    assert (tested["evidence_id"], tested["recorded_by"]) == ("drill-1", "manager")
    assert created(await opening(office))["state"] == "open"


# -- what a file of a kind may say ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sample_study", "survivor_cohort", "quality_of_life", "qualitative"])
async def test_a_kind_without_levels_refuses_them_by_their_path(kind: str, running: Running) -> None:
    manager = running.person("manager", "trial_manager:*:*")
    protocol = protocol_of_kind(kind, ctimp=False, with_levels=True)
    protocol["parts"].insert(0, COHORT)

    problem = refused(await manager.post("/trials", protocol), 422, "invalid_request")

    found = [(error["path"], error["rule"]) for error in problem["errors"]]
    assert found == [("parts.1.levels", "kind_has_no_levels"), ("parts.2.levels", "kind_has_no_levels")]


async def test_a_randomised_trial_has_a_randomisation(running: Running) -> None:
    manager = running.person("manager", "trial_manager:*:*")
    protocol = protocol_of_kind("randomised", ctimp=True)
    protocol.pop("randomisations")

    problem = refused(await manager.post("/trials", protocol), 422, "invalid_request")

    assert [(e["path"], e["rule"]) for e in problem["errors"]] == [("randomisations", "randomisation_needed")]
    protocol["randomisations"] = [randomisation()]
    created(await manager.post("/trials", protocol))


async def test_follow_up_is_as_long_as_the_kind_asks(running: Running) -> None:
    manager = running.person("manager", "trial_manager:*:*")
    protocol = protocol_of_kind("advanced_therapy", ctimp=True)

    protocol["follow_up"] = follow_up(14)
    short = refused(await manager.post("/trials", protocol), 422, "invalid_request")
    protocol.pop("follow_up")
    none = refused(await manager.post("/trials", protocol), 422, "invalid_request")

    assert [(e["path"], e["rule"]) for e in short["errors"]] == [("follow_up.years", "follow_up_too_short")]
    assert [(e["path"], e["rule"]) for e in none["errors"]] == [("follow_up", "follow_up_too_short")]


# -- approvals ------------------------------------------------------------------------------------------


async def test_further_approvals_come_in_any_order_once_each_and_not_from_the_uploader(
    running: Running,
) -> None:
    office = await registered_office(running, protocol_of_kind("sample_study", ctimp=False))
    path = f"/protocol-versions/{office.version_id}/approvals"
    licence = {"reference": "HTA-1", "approved_on": "2026-02-27", "kind_of_approval": "hta_licence"}

    refused(await office.manager.post(path, licence), 409, "second_person_required")
    before = created(await office.quality.post(path, licence))
    assert (before["approved"], [it["kind_of_approval"] for it in before["further_approvals"]]) == (
        False,
        ["hta_licence"],
    )
    refused(await office.quality.post(path, licence), 409, "approval_recorded")
    unknown = licence | {"kind_of_approval": "blessing"}
    assert (
        "hta_licence"
        in refused(await office.quality.post(path, unknown), 422, "approval_kind_unknown")["known"]
    )
    dated = licence | {"kind_of_approval": "hra_approval", "effective_at": "2026-03-01T00:00:00Z"}
    refused(await office.quality.post(path, dated), 422, "approval_period_invalid")
    ahead = licence | {"kind_of_approval": "hra_approval", "approved_on": "2999-01-01"}
    refused(await office.quality.post(path, ahead), 422, "approval_period_invalid")

    plain = created(await office.quality.post(path, {"reference": "REC-1", "approved_on": "2026-02-27"}))

    assert (plain["approved"], plain["approval_reference"]) == (True, "REC-1")
    versions = (await office.overview())["versions"]
    assert [it["reference"] for it in versions[0]["further_approvals"]] == ["HTA-1"]


async def test_a_lapsed_further_approval_counts_no_more(running: Running) -> None:
    office = await registered_office(running, protocol_of_kind("radiotherapy", ctimp=True))
    await office.delegate("investigator", "site_investigator")
    await approve(office, "combined_review")
    lapsed = {"reference": "R-1", "approved_on": "2026-01-27", "last_day": "2026-01-28"}
    path = f"/protocol-versions/{office.version_id}/approvals"
    created(await office.quality.post(path, lapsed | {"kind_of_approval": "radiation_review"}))

    assert refused(await opening(office), 409, "evidence_missing")["approvals"] == ["radiation_review"]


async def test_the_trial_office_sees_what_each_kind_asks_for_and_what_is_still_to_be_verified(
    running: Running,
) -> None:
    table = shown(await running.person("manager", "trial_manager:EP01:*").get("/trial-kinds"))

    row = next(it for it in table["kinds"] if (it["kind"], it["ctimp"]) == ("sample_study", False))
    assert (row["approvals"], row["levels"]) == (NEEDED["sample_study", False], False)
    status = {it["kind_of_approval"]: it["status"] for it in table["approvals"]}
    assert (status["combined_review"], status["hta_licence"]) == ("confirmed", "verify")
    assert (table["letter_signing_roles"], table["letter_signers"]) == (["sponsor_qa", "trial_manager"], 2)
    assert len(table["kinds"]) == 2 * len(KINDS)


# -- people in parts without levels ---------------------------------------------------------------------


async def test_people_of_a_cohort_are_counted_and_nothing_is_recommended_or_decided_about_them(
    running: Running,
) -> None:
    protocol = protocol_of_kind("dose_finding", ctimp=True, with_levels=True)
    protocol["parts"].append(COHORT)
    protocol["trial"]["registry_ids"] = ["ISRCTN00000000"]
    office = await registered_office(running, protocol)
    await office.approve()
    await office.delegate_committee()
    await office.network.hear()
    raised = len(await running.published("sponsor.recommendation.raised.v1"))

    await office.network.hear(
        office.network.registered_without_level("child-1", "main"),
        office.network.registered_without_level("child-2", "main"),
        office.network.dosed_without_level("child-1", "main"),
        office.network.voided("child-2"),
    )

    part = await office.part("main")
    assert (part["kind"], part["registered"], part["levels"]) == ("cohort", 1, [])
    assert (part["recommendation"], part["without_decision"]) == (None, [])
    assert len(await running.published("sponsor.recommendation.raised.v1")) == raised
    snapshots = f"/trials/{office.trial_id}/snapshots"
    refused(await office.statistician.post(snapshots, {"part": "main"}), 422, "part_without_levels")
    assert (await office.part("escalation"))["registered"] == 0
