"""Every case file of an installation, by its public routes."""

from tests.journeys.world import World


async def case_files(world: World) -> list[tuple[str, bytes]]:
    """Trial code and bytes of each file, oldest first, trial by trial."""
    stage = world.stage()
    reader = stage.person("reader", "trial_manager:*:*", "safety_officer:*:*")
    trials = (await reader.get("sponsor", "/trials", limit=200))["items"]
    found = []
    for code in sorted(trial["code"] for trial in trials):
        listed = await reader.get("safety", "/case-files", trial=code, limit=200)
        assert listed["next_cursor"] is None
        for file in listed["items"]:
            path = f"/safety/api/v1/case-files/{file['file_id']}/content"
            answer = await world.client.get(path, headers=reader.headers())
            assert answer.status_code == 200, answer.text
            found.append((code, answer.content))
    return found
