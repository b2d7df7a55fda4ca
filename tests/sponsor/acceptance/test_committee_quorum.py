"""S6: quorum and conflicts of interest at the meetings of a committee, and who sees its data."""

import pytest

from tests.sponsor.committee import EVERYBODY, Committee
from tests.sponsor.office import Office, created, refused, shown


@pytest.fixture
async def committee(office: Office) -> Committee:
    """A committee whose charter is in force."""
    found = Committee(office)
    await found.chartered()
    return found


@pytest.mark.parametrize(
    ("present", "missing"),
    [
        (("chair", "monitor", "statistician"), ["investigator", "1 voter"]),
        (("chair", "monitor", "statistician", "member"), ["investigator"]),
        (("chair", "monitor", "investigator", "member"), ["statistician"]),
        (("monitor", "statistician", "investigator", "member"), ["chair or deputy_chair"]),
    ],
)
async def test_s6_one_short_of_the_quorum_stays_proposed_and_says_what_is_missing(
    present: tuple[str, ...], missing: list[str], committee: Committee
) -> None:
    meeting, snapshot = await committee.meet(*present)
    proposal = created(await committee.decide(meeting, snapshot, "open_level", 1, 6))

    decision = await committee.signed(proposal, *(name for name in present if name != "member"))

    assert (decision["state"], decision["missing"]["quorum"]) == ("proposed", missing)
    assert f"Quorum: missing {', '.join(missing)}" in decision["text"]
    assert await committee.office.running.published("sponsor.dose-decision.signed.v1") == []


async def test_s6_a_chair_who_declared_nothing_neither_signs_nor_counts(committee: Committee) -> None:
    meeting, snapshot = await committee.meet(*EVERYBODY, silent=("chair",))
    decision = created(await committee.decide(meeting, snapshot, "open_level", 1, 6))

    answer = await committee.office.sign(decision, committee.person("chair"), "src_chair")

    refused(answer, 409, "conflict_undeclared")
    assert decision["sitting"]["undeclared"] == ["chair"]
    assert decision["missing"]["quorum"] == ["chair or deputy_chair"]


async def test_s6_a_member_in_conflict_neither_signs_nor_counts(committee: Committee) -> None:
    meeting, snapshot = await committee.meet(*EVERYBODY, conflicts=("investigator",))
    decision = created(await committee.decide(meeting, snapshot, "open_level", 1, 6))

    answer = await committee.office.sign(decision, committee.person("investigator"), "site_investigator")
    after = await committee.signed(decision, "chair", "monitor")

    refused(answer, 409, "conflict_declared")
    assert (after["state"], after["missing"]["quorum"]) == ("proposed", ["investigator"])
    assert after["sitting"]["in_conflict"] == ["investigator"]


async def test_s6_whoever_was_not_at_the_meeting_does_not_sign(committee: Committee) -> None:
    present = ("chair", "monitor", "statistician", "investigator")
    meeting, snapshot = await committee.meet(*present)
    decision = created(await committee.decide(meeting, snapshot, "open_level", 1, 6))

    answer = await committee.office.sign(decision, committee.person("member"), "src_member")

    refused(answer, 409, "not_at_meeting")


async def test_s6_an_investigator_counts_only_from_a_site_that_recruits(committee: Committee) -> None:
    office = committee.office
    created(await office.manager.post(f"/sites/{office.site_id}/suspensions", {"reason_code": "x"}))

    meeting, _ = await committee.meet(*EVERYBODY)

    assert meeting["sitting"]["quorum"]["missing"] == ["investigator"]


async def test_only_members_in_term_with_their_role_attend(committee: Committee) -> None:
    office, meeting = committee.office, await committee.call()
    snapshot = await committee.snapshot()
    await office.delegate("stranger", "src_member")
    log = shown(await office.manager.get("/delegations", trial=office.trial_id))["items"]
    member = next(one for one in log if one["person"] == "member")
    path = f"/delegations/{member['delegation_id']}/endings"
    created(await office.manager.post(path, {"reason_code": "left"}))

    answer = await committee.attend(meeting, snapshot, "chair", "stranger", "member")

    assert refused(answer, 403, "member_not_delegated")["people"] == ["member", "stranger"]


async def test_a_declaration_is_ones_own_comes_once_and_comes_before_the_data(committee: Committee) -> None:
    office, meeting = committee.office, await committee.call()
    await office.delegate("stranger", "src_member")
    stranger = office.person("stranger", "src_member")
    path = f"/meetings/{meeting['meeting_id']}/declarations"
    snapshot = await committee.snapshot()
    heads = shown(await office.manager.get("/packs", trial=office.trial_id))["items"]
    pack = next(one for one in heads if one["snapshot_id"] == snapshot["snapshot_id"])["pack_id"]

    refused(await stranger.post(path, {"conflict": False}), 403, "member_not_delegated")
    blind = [
        await committee.person("member").get(f"/packs/{pack}/pack.html"),
        await committee.person("member").get(f"/packs/{pack}/pack.zip"),
        await committee.person("member").get(f"/snapshots/{snapshot['snapshot_id']}"),
    ]
    created(await committee.declare(meeting, "member"))
    refused(await committee.declare(meeting, "member", conflict=True), 409, "declaration_made")
    created(await committee.attend(meeting, snapshot, "chair"))

    for answer in blind:
        refused(answer, 409, "declaration_required")
    assert (await committee.person("member").get(f"/packs/{pack}/pack.html")).status_code == 200
    refused(await committee.declare(meeting, "chair"), 409, "declaration_too_late")


async def test_an_investigator_reads_packs_as_a_member_and_not_otherwise(committee: Committee) -> None:
    office = committee.office
    meeting = await committee.call()
    created(await committee.declare(meeting, "investigator"))
    await committee.snapshot()
    [pack] = shown(await office.manager.get("/packs", trial=office.trial_id))["items"]
    path = f"/packs/{pack['pack_id']}/pack.html"

    other = await office.person("pi-012", "site_investigator", "012").get(path)

    refused(other, 403, "forbidden")
    assert (await committee.person("investigator").get(path)).status_code == 200
