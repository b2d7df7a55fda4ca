"""The committee's routes for the tests that look at every route: who may, and what each leaves behind."""

from collections.abc import Callable
from typing import Any

from shared.testing.access import Access
from shared.testing.running import proof
from tests.sponsor.committee import PART, Committee
from tests.sponsor.office import Json, Office, created, shown

FILE = {
    "part": PART,
    "name": "pk.txt",
    "kind": "pharmacokinetics",
    "media_type": "text/plain",
    "content_base64": "b25l",
}
MEETING = {"part": PART, "planned_for": "2026-03-03T09:00:00Z"}
Make = Callable[..., Access]


def signed_over(document: Json, person: str) -> str:
    """A proof of a person's identity for what a document says is to be signed."""
    bound = {"purpose": document["purpose"], "bound_to": document["sign_over"]}
    return proof("sponsor", person, **bound)


def charter_of(chair: str = "chair", *others: str) -> Json:
    """A charter of chair, monitor and others, of whom two are a quorum."""
    seats = {chair: "chair", "monitor": "medical_monitor"} | dict.fromkeys(others, "member")
    members = [
        {"person": person, "seat": seat, "from_at": "2026-01-01T00:00:00Z"} for person, seat in seats.items()
    ]
    quorum = {"minimum_voters": 2, "required": [["chair"], ["medical_monitor"]]}
    return {"members": members, "quorum": quorum, "text": "Meets when asked to."}


async def prepare_committee(office: Office, ids: dict[str, Any]) -> None:
    """A charter in force of which `somebody` is a member, one to be signed, verified data, and a meeting."""
    committee, charters = Committee(office), f"/trials/{office.trial_id}/charters"
    in_force = created(await office.manager.post(charters, charter_of("chair", "somebody")))
    created(await committee.sign(in_force, "chair"))
    created(await committee.sign(in_force, "monitor"))
    ids["charter"] = created(await office.manager.post(charters, charter_of("somebody")))
    created(await committee.verify())
    await office.delegate("somebody", "trial_statistician")
    ids["quality"] = shown(
        await office.statistician.get(f"/trials/{office.trial_id}/quality-statements", part=PART)
    )
    ids["meeting"] = (await committee.call())["meeting_id"]
    ids["pack"] = shown(await office.manager.get("/packs", trial=office.trial_id))["items"][0]["pack_id"]


def committee_accesses(office: Office, ids: dict[str, Any], get: Make, post: Make) -> list[Access]:
    """One entry per route of a committee, in an order in which each is possible."""
    trial, pack, meeting = f"/trials/{office.trial_id}", ids["pack"], f"/meetings/{ids['meeting']}"
    charter, quality = ids["charter"], ids["quality"]
    attending = {"snapshot_id": ids["snapshot"], "present": ["chair"]}
    return [
        post("/trials/{trial_id}/charters", f"{trial}/charters", charter_of(), "sponsor_qa"),
        post(
            "/charters/{charter_id}/signatures",
            f"/charters/{charter['charter_id']}/signatures",
            {"proof": signed_over(charter, "somebody")},
            "src_chair",
        ),
        get("/charters", f"/charters?trial={office.trial_id}", "site_investigator"),
        get(
            "/trials/{trial_id}/quality-statements",
            f"{trial}/quality-statements?part={PART}",
            "trial_statistician",
        ),
        post(
            "/trials/{trial_id}/quality-statements",
            f"{trial}/quality-statements",
            {
                "part": PART,
                "standings_sha256": quality["standings_sha256"],
                "proof": signed_over(quality, "somebody"),
            },
            "trial_statistician",
        ),
        post("/trials/{trial_id}/meetings", f"{trial}/meetings", MEETING),
        post(
            "/meetings/{meeting_id}/declarations",
            f"{meeting}/declarations",
            {"conflict": False},
            "src_member",
        ),
        post("/meetings/{meeting_id}/attendances", f"{meeting}/attendances", attending),
        get("/meetings", f"/meetings?trial={office.trial_id}"),
        get("/meetings/{meeting_id}", meeting),
        post("/trials/{trial_id}/committee-files", f"{trial}/committee-files", FILE),
        get("/packs", f"/packs?trial={office.trial_id}"),
        get("/packs/{pack_id}", f"/packs/{pack}", "src_member"),
        get("/packs/{pack_id}/pack.zip", f"/packs/{pack}/pack.zip"),
        get("/packs/{pack_id}/pack.html", f"/packs/{pack}/pack.html"),
        get("/packs/{pack_id}/verification", f"/packs/{pack}/verification"),
        get("/halts/{halt_id}/provenance", f"/halts/{ids['halt']}/provenance", "site_investigator"),
        get("/halts/{halt_id}/provenance.html", f"/halts/{ids['halt']}/provenance.html"),
        post(
            "/halts/{halt_id}/receipts",
            f"/halts/{ids['halt']}/receipts",
            {"site_number": "012"},
            right="pharmacist:EP01:012",
            other_unit="pharmacist:EP01:013",
        ),
    ]


def committee_writes(story: Any) -> list[tuple[str, Callable[[], Any], int]]:
    """Writing routes of a committee: name, how to send it, and its changes that no event announces.

    They come after the story's own decisions, which are taken without a charter.
    """
    o, kept = story.office, story.kept
    trial = f"/trials/{o.trial_id}"
    chair, meetings = o.chair, "/trials/{trial_id}/meetings"

    def sign(who: Any, name: str) -> Callable[[], Any]:
        def send() -> Any:
            charter = kept["/trials/{trial_id}/charters"]
            body = {"proof": signed_over(charter, name)}
            return story.post(who, f"/charters/{charter['charter_id']}/signatures", body)

        return send

    def at_meeting(what: str, body: Callable[[], Json]) -> Callable[[], Any]:
        return lambda: story.post(chair, f"/meetings/{kept[meetings]['meeting_id']}/{what}", body())

    def attendance() -> Json:
        return {"snapshot_id": kept["snapshot 2"]["snapshot_id"], "present": ["chair"]}

    async def verify() -> Any:
        state = shown(await o.statistician.get(f"{trial}/quality-statements", part=PART))
        body = {"part": PART, "standings_sha256": state["standings_sha256"]}
        answer = signed_over(state, "statistician")
        return await o.statistician.post(f"{trial}/quality-statements", body | {"proof": answer})

    line = {"trial_id": o.trial_id, "person": "statistician", "role": "trial_statistician"}
    return [
        (
            "/trials/{trial_id}/committee-files",
            lambda: story.post(o.manager, f"{trial}/committee-files", FILE),
            1,
        ),
        ("/trials/{trial_id}/charters", lambda: story.post(o.manager, f"{trial}/charters", charter_of()), 1),
        ("/charters/{charter_id}/signatures", sign(chair, "chair"), 1),
        ("second signature of the charter", sign(o.monitor, "monitor"), 1),
        (
            "statistician",
            lambda: story.post(o.manager, "/delegations", line | {"from_at": "2026-01-01T00:00:00Z"}),
            0,
        ),
        ("/trials/{trial_id}/quality-statements", lambda: verify, 1),
        (meetings, lambda: story.post(chair, f"{trial}/meetings", MEETING), 1),
        (
            "/meetings/{meeting_id}/declarations",
            at_meeting("declarations", lambda: {"conflict": False}),
            1,
        ),
        ("/meetings/{meeting_id}/attendances", at_meeting("attendances", attendance), 1),
    ]
