"""Who may know arms; and that nobody else can tell two trials apart that differ in nothing but the arms."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import structlog

from shared.migrations import upgrade_on
from shared.testing.stores import any_store
from tests.enrolment.conftest import MIGRATIONS
from tests.enrolment.randomising import (
    MINIMISED,
    SEED,
    arms,
    blinded,
    enrolled,
    lists_of,
    prepare,
    randomise,
    set_up_randomised,
    statistician,
    upload,
)
from tests.enrolment.world import enrolment_world

BLINDED_ROLES = (
    *("site_investigator:EP01:012", "site_nurse:EP01:012", "pharmacist:EP01:012", "trial_manager:EP01:*"),
    *("medical_monitor:EP01:*", "safety_officer:EP01:*", "trial_statistician:EP01:*", "src_chair:EP01:*"),
    *("src_member:EP01:*", "sponsor_qa:EP01:*", "inspector:EP01:*", "archivist:EP01:*", "operations:*:*"),
)


@pytest.mark.parametrize("grant", BLINDED_ROLES)
async def test_a_blinded_role_reads_no_list_no_draw_and_no_arm(world: Any, grant: str) -> None:
    await set_up_randomised(world)
    list_id = (await prepare(world))["list_id"]
    ((participant, _),) = await enrolled(world, 1)
    await randomise(world, participant)
    person = world.running.person("curious", grant)
    base = lists_of(world)

    answers = [
        await person.get(f"{base}/lists"),
        await person.get(f"{base}/lists/{list_id}/rows"),
        await person.get(f"{base}/audit"),
        await person.get(f"/participants/{participant}/arms"),
        await person.post(f"{base}/replays", key=None),
        await person.post(f"{base}/lists", {"seed": SEED}),
        await person.post(f"{base}/list-uploads", {"csv": "stratum,row,arm\n,1,new"}),
        await person.post(f"{base}/list-upload-checks", {"csv": "stratum,row,arm\n,1,new"}, key=None),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "forbidden")}


async def test_an_unblinded_pharmacist_reads_the_arms_of_the_own_site(world: Any) -> None:
    await set_up_randomised(world)
    await prepare(world)
    (one, _), (other, _) = await enrolled(world, 2, ("012", "034"))
    await randomise(world, one)
    pharmacist = world.running.person("pharmacist-012", "pharmacist:EP01:012")
    granted, aggregate = world.delegated("pharmacist-012", "pharmacist", "012")
    assert (await pharmacist.get(f"/participants/{one}/arms")).status_code == 403

    await world.sponsor_says((granted.model_copy(update={"unblinded": True}), aggregate))

    seen = await pharmacist.get(f"/participants/{one}/arms")
    assert [it["arm"] for it in seen.json()["items"]] == await arms(world)
    assert (await pharmacist.get(f"/participants/{other}/arms")).status_code == 404
    assert (await pharmacist.get(f"{lists_of(world)}/audit")).status_code == 403
    assert (await statistician(world).get(f"/participants/{one}/arms")).json() == seen.json()


@pytest.mark.parametrize(
    "also",
    ["site_investigator:EP01:012", "site_nurse:*:*", "safety_officer:EP01:*", "medical_monitor:EP01:*"],
)
async def test_nobody_unblinded_also_consents_treats_or_assesses(world: Any, also: str) -> None:
    await set_up_randomised(world)
    await prepare(world)
    both = world.running.person("both", "unblinded_statistician:EP01:*", also)

    answer = await both.get(f"{lists_of(world)}/audit")

    assert (answer.status_code, answer.json()["code"]) == (403, "blinding_roles_conflict")
    elsewhere = world.running.person("both", "unblinded_statistician:EP01:*", "site_investigator:EP99:012")
    assert (await elsewhere.get(f"{lists_of(world)}/audit")).status_code == 200


async def test_a_delegation_counts_like_a_grant_and_who_sees_arms_randomises_nobody(world: Any) -> None:
    await set_up_randomised(world)
    await prepare(world)
    ((participant, _),) = await enrolled(world, 1)

    by_delegation = world.running.person("investigator-012", "unblinded_statistician:EP01:*")
    assert (await by_delegation.get(f"{lists_of(world)}/audit")).json()["code"] == "blinding_roles_conflict"
    both = world.running.person(
        "investigator-012", "site_investigator:EP01:012", "unblinded_statistician:EP01:*"
    )
    answer = await randomise(world, participant, person=both)
    assert (answer.status_code, answer.json()["code"]) == (403, "blinding_roles_conflict")


# -- two worlds ---------------------------------------------------------------------------------------------

_VOLATILE = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"), "id"),
    (re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+]00:00)"), "instant"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "hash"),
)
SEEN_BY = (
    ("site_investigator:EP01:012", "investigator-012"),
    ("site_nurse:EP01:012", "nurse-012"),
    ("pharmacist:EP01:012", "pharmacist"),
    ("trial_manager:EP01:*", "manager"),
    ("medical_monitor:EP01:*", "monitor"),
    ("trial_statistician:EP01:*", "blinded-statistician"),
    ("inspector:EP01:*", "inspector"),
    ("operations:*:*", "operator"),
)


def plain(text: str) -> str:
    """The text with ids numbered in the order of their appearance, and without times and hashes of them."""
    known: dict[str, str] = {}
    for pattern, word in _VOLATILE:
        text = pattern.sub(
            lambda found, word=word: (  # type: ignore[misc]
                known.setdefault(found[0], f"id-{len(known)}") if word == "id" else word
            ),
            text,
        )
    return text


class Told:
    """Everything that somebody blinded is answered, without the keys of their own requests."""

    def __init__(self) -> None:
        self.answers: list[str] = []

    def keep(self, answer: httpx.Response) -> None:
        headers = {name: value for name, value in answer.headers.items() if name != "idempotency-key"}
        self.answers.append(f"{answer.status_code} {sorted(headers.items())} {answer.text}")


async def story(world: Any, make_list: Any) -> list[str]:
    """Six children are randomised, one twice in vain, levels are corrected; everybody looks at everything."""
    told = Told()
    await set_up_randomised(world, blinded("listed"), blinded("minimised", method=MINIMISED), target=6)
    for name in ("listed", "minimised"):
        await make_list(world, name)
    people = await enrolled(world, 6, ("012", "034"))
    for number, (participant, site) in enumerate(people):
        levels = {"risk": "high" if number % 2 else "low", "sex": "male"}
        told.keep(await randomise(world, participant, "listed", site))
        told.keep(await randomise(world, participant, "minimised", site, levels=levels))
    told.keep(await randomise(world, people[0][0], "listed"))
    body = {"randomisation": "minimised", "levels": {"risk": "high", "sex": "female"}, "reason_code": "x"}
    corrections = f"/participants/{people[0][0]}/randomisation-corrections"
    told.keep(await world.investigator().post(corrections, body))
    await _relayed(world)
    for grant, name in SEEN_BY:
        person = world.running.person(name, grant)
        for path in paths(world, [participant for participant, _ in people]):
            told.keep(await person.get(path))
    return told.answers


def paths(world: Any, participants: Sequence[str]) -> list[str]:
    """What there is to look at; nearly everybody is refused something."""
    people = [
        f"/participants/{one}{what}" for one in participants for what in ("", "/randomisations", "/arms")
    ]
    trial = [
        f"{path}?trial=EP01" for path in ("/participants", "/slot-board", "/waiting-list", "/dose-levels")
    ]
    delivery = [f"/delivery/{what}" for what in ("outbox", "state", "audit", "parked")]
    return [
        *people,
        *trial,
        *delivery,
        *(f"{lists_of(world, 'listed')}/{what}" for what in ("lists", "audit")),
    ]


async def _relayed(world: Any) -> None:
    for relay in world.running.service.relays.values():
        await relay.lead_once()
        while (await relay.turn())[0]:
            pass


def _said(world: Any) -> list[str]:
    """Every event of the main topic as its readers get it, headers and body."""
    records = world.running.broker.everything("enrolment.events.v1")
    return [
        f"{sorted(record.headers)} {record.value!r}"
        for record in records
        if b"watermark" not in dict(record.headers)["ce_type"]
    ]


async def _audited(world: Any) -> list[str]:
    """The audit trail of everything but the unblinded aggregates, as it is stored."""
    rows = await world.rows(
        "SELECT aggregate_id, n, action, actor, actor_role, reason, details FROM audit"
        " WHERE aggregate_id NOT LIKE 'unblinded:%' ORDER BY id"
    )
    return [str(tuple(row)) for row in rows]


ARMS = ["new", "new", "standard", "new", "standard", "standard", "new", "standard"]
OTHER_ARMS = ["standard" if arm == "new" else "new" for arm in ARMS]


@asynccontextmanager
async def _world(kind: Any, folder: Any, server: Any, name: str) -> AsyncIterator[Any]:
    def build(connection: Any) -> None:
        upgrade_on(connection, MIGRATIONS)

    async with (
        any_store(kind, folder / name, server, "enrolment", build) as store,
        enrolment_world(store) as made,
    ):
        yield made


async def test_two_worlds_that_differ_in_the_arms_alone_look_alike_to_everybody_blinded(
    store_kind: Any, store_server: Any, tmp_path: Any
) -> None:
    seen: list[dict[str, list[str]]] = []
    drawn: list[list[str]] = []
    for table, seed in ((ARMS, SEED), (OTHER_ARMS, SEED[::-1])):

        async def make_list(world: Any, name: str, table: list[str] = table, seed: str = seed) -> None:
            if name == "listed":
                assert (await upload(world, table, name)).status_code == 201
            else:
                await prepare(world, name, seed=seed)

        async with _world(store_kind, tmp_path, store_server, seed) as world:
            with structlog.testing.capture_logs() as lines:
                told = await story(world, make_list)
            logged = [str(sorted(line.items())) for line in lines]
            seen.append(
                {
                    "answers": told,
                    "events": _said(world),
                    "audit": await _audited(world),
                    "log": logged,
                }
            )
            drawn.append([*await arms(world, "listed"), *await arms(world, "minimised")])

    assert len(drawn[0]) == len(drawn[1]) == 12
    assert (drawn[0][:6], drawn[1][:6]) == (ARMS[:6], OTHER_ARMS[:6])
    assert drawn[0][6:] != drawn[1][6:]
    assert len(seen[0]["answers"]) > 200
    assert len(seen[0]["events"]) > 30
    for what, first in seen[0].items():
        first_plain, second_plain = plain("\n".join(first)), plain("\n".join(seen[1][what]))
        assert first_plain == second_plain, what
        assert "standard" not in first_plain, what


# -- operators ----------------------------------------------------------------------------------------------


async def test_operators_see_of_the_unblinded_topic_how_much_there_is_and_may_send_it_again(
    world: Any,
) -> None:
    await set_up_randomised(world)
    await prepare(world)
    for participant, _ in await enrolled(world, 3):
        await randomise(world, participant)
    operator = world.running.operator
    waiting = (await operator.get("/delivery/state")).json()["unblinded"]
    await _relayed(world)

    listed = (await operator.get("/delivery/outbox")).json()["items"]
    state = (await operator.get("/delivery/state")).json()
    asked = await operator.post("/delivery/replays", {"unblinded": True})

    assert waiting == {"unsent": 3, "published": {}}
    assert (state["unblinded"]["unsent"], sum(state["unblinded"]["published"].values())) == (0, 3)
    assert len(listed) == sum(state["published"].values())
    assert not any("arm" in one["type"] or "unblinded" in one["aggregate_id"] for one in listed)
    assert (asked.status_code, asked.json()) == (202, {"after_pub_seq": 0})
    requests = await world.rows("SELECT topic, until_pub_seq FROM replay_request")
    assert [tuple(row) for row in requests] == [("enrolment.unblinded.v1", 3)]
    assert (await operator.get("/delivery/audit")).json()["ok"] is True
    await _relayed(world)
    sent = world.running.broker.everything("enrolment.unblinded.v1")
    assert sum(dict(one.headers)["ce_type"] == b"enrolment.arm.allocated.v1" for one in sent) == 6
