"""As `test_commit_failure`, for randomisations: nobody learns of a draw that was not kept."""

from typing import Any

from fastapi import FastAPI

from services.enrolment.api import randomisations, unblinded
from shared.testing.access import routes_of
from tests.enrolment.api.test_commit_failure import FailingCommit
from tests.enrolment.randomising import (
    SEED,
    blinded,
    enrolled,
    lists_of,
    prepare,
    randomise,
    set_up_randomised,
    statistician,
)

READING = {
    f"/randomisations/{{trial}}/{{randomisation}}/{what}" for what in ("list-upload-checks", "replays")
}


async def test_no_route_about_randomisations_answers_success_when_the_commit_fails(world: Any) -> None:
    later = [blinded(name, at="later") for name in ("second", "third")]
    await set_up_randomised(world, blinded(blinded=False), *later, target=2)
    await prepare(world)
    (one, _), (other, _) = await enrolled(world, 2)
    assert (await randomise(world, one)).status_code == 201
    me, counting = world.investigator(), statistician(world)
    correction = {"randomisation": "first", "levels": {}, "reason_code": "x"}
    right: dict[str, tuple[Any, str, Any]] = {
        "/participants/{participant_id}/randomisations": (
            me,
            f"/participants/{other}/randomisations",
            {"randomisation": "first"},
        ),
        "/participants/{participant_id}/randomisation-corrections": (
            me,
            f"/participants/{one}/randomisation-corrections",
            correction,
        ),
        "/randomisations/{trial}/{randomisation}/lists": (
            counting,
            f"{lists_of(world, 'second')}/lists",
            {"seed": SEED},
        ),
        "/randomisations/{trial}/{randomisation}/list-uploads": (
            counting,
            f"{lists_of(world, 'third')}/list-uploads",
            {"csv": "stratum,row,arm\n,1,new\n,2,new\n,3,standard"},
        ),
    }
    app = FastAPI()
    for module in (randomisations, unblinded):
        app.include_router(module.router)
    writing = {path for method, path in routes_of(app) if method == "POST"} - READING
    assert writing == set(right)
    before = await world.types(), await world.running.audit_rows()
    performer = world.running.service.performer
    store = FailingCommit(performer._database)
    performer._database = store

    for path, (person, called, body) in right.items():
        answer = await person.post(called, body)

        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable"), path
        assert "standard" not in answer.text, path
    assert store.commands == len(right)
    assert (await world.types(), await world.running.audit_rows()) == before
    assert await world.rows("SELECT id FROM unblinded_list WHERE randomisation <> 'first'") == []
