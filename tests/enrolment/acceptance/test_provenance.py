"""A20: why was this participant given this level? One page, from the event log alone."""

from typing import Any

from services.sponsor.events.published import DoseDecisionSignedV1


def decided(world: Any, **more: Any) -> tuple[Any, str]:
    """A decision with everything that it rests on."""
    body, name = world.decision("decision-1")
    ground = {
        "data_cut_at": "2026-02-01T08:00:00Z",
        "rule_sha256": "1" * 64,
        "recommendation": {
            "kind": "stay",
            "next_level": 1,
            "reasons": ["start_level"],
            "design": "rolling_six@2008.1",
            "table_sha256": "2" * 64,
            "level": 1,
            "n": 0,
            "dlt": 0,
            "pending": 0,
        },
    }
    return DoseDecisionSignedV1.model_validate(body.model_dump(mode="json") | ground | more), name


async def why(world: Any, participant_id: str) -> dict[str, Any]:
    answer = await world.investigator().get(f"/participants/{participant_id}/provenance")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a20_one_answer_names_everything_that_the_level_rests_on(world: Any) -> None:
    await world.set_up(decide=False)
    override = [{"role": "src_chair", "text": "slower than the design asks for"}]
    await world.sponsor_says(decided(world, overrides_recommendation=True, override_reasons=override))
    registered = await world.enrol()

    found = await why(world, registered["participant_id"])

    decision = found["decision"]
    assert (found["level"], found["rule_cell"]) == (1, registered["rule_cell"])
    assert decision["decision_id"] == "decision-1"
    assert decision["data_cut_at"] == "2026-02-01T08:00:00.000000Z"
    assert decision["snapshot_sha256"] == "0" * 64
    assert decision["recommendation"]["design"] == "rolling_six@2008.1"
    assert decision["recommendation"]["table_sha256"] == "2" * 64
    assert [one["role"] for one in decision["signed_by"]] == ["chair", "monitor"]
    assert decision["override_reasons"] == override
    numbers = [guard["number"] for guard in found["guards"]]
    assert numbers == sorted(numbers)
    assert set(range(1, 25)) <= set(numbers)
    assert all(guard["passed"] for guard in found["guards"])


async def test_a20_a_later_superseding_is_marked_and_changes_nothing_else(trial: Any) -> None:
    registered = await trial.enrol()
    before = await why(trial, registered["participant_id"])

    await trial.sponsor_says(trial.superseded("decision-1"))

    after = await why(trial, registered["participant_id"])
    assert before["decision"]["superseded_because"] is None
    assert after["decision"]["superseded_because"] == "late data"
    assert after["guards"] == before["guards"]


async def test_a20_the_page_says_the_same_and_another_site_learns_nothing(trial: Any) -> None:
    registered = await trial.enrol()
    path = f"/participants/{registered['participant_id']}/provenance"

    page = await trial.manager.get(f"{path}.html")
    foreign = await trial.investigator("034").get(path)
    unknown = await trial.investigator("034").get("/participants/nobody/provenance")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"Why was {registered['participant_number']} given level 1?" in page.text
    assert "decision-1" in page.text
    assert (foreign.status_code, foreign.json()["code"]) == (404, unknown.json()["code"])
