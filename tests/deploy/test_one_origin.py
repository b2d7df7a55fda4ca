from pathlib import Path

import httpx

from deploy.trialops.installation import Installation, Place
from shared.problems import MEDIA_TYPE
from shared.settings import Environment


async def test_a_path_of_no_service_is_refused_with_a_whole_problem_document(tmp_path: Path) -> None:
    place = Place(folder=tmp_path, environment=Environment.DEMONSTRATION)
    transport = httpx.ASGITransport(Installation(place).app)

    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        nowhere, root = await client.get("/nowhere"), await client.get("/")

    assert (nowhere.status_code, nowhere.headers["content-type"]) == (404, MEDIA_TYPE)
    document = nowhere.json()
    assert document.keys() == {"type", "title", "status", "code", "detail", "request_id"}
    assert (document["code"], document["type"]) == ("not_found", "/problems/not_found")
    assert (root.status_code, root.headers["content-type"]) == (200, "application/json")
