"""The stored board against the one that the published events tell."""

from typing import Any

import pytest

from services.enrolment.queries.board_from_events import fold
from shared.database import Sql

WHERE = {"trial_id": "t", "slot_id": "s1", "part": "escalation", "level": 1}


def state_after(*events: tuple[str, dict[str, Any]]) -> tuple[Any, ...]:
    opened = ("enrolment.slot.opened.v1", WHERE)
    slot = fold([opened, *((f"enrolment.slot.{name}.v1", WHERE | body) for name, body in events)]).slots["s1"]
    return slot["state"], slot["before_state"], slot["expires_at"]


RESERVED = ("reserved", {"site_number": "012", "expires_at": "2026-01-04T12:00:00Z"})
LATER = "2026-01-05T12:00:00.000000Z"


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((), ("open", None, None)),
        ((RESERVED,), ("reserved", None, "2026-01-04T12:00:00.000000Z")),
        ((RESERVED, ("frozen", {})), ("frozen", "reserved", "2026-01-04T12:00:00.000000Z")),
        ((RESERVED, ("frozen", {}), ("unfrozen", {"expires_at": LATER})), ("reserved", None, LATER)),
        ((RESERVED, ("frozen", {}), ("revoked", {})), ("revoked", "reserved", "2026-01-04T12:00:00.000000Z")),
        ((("frozen", {}), ("unfrozen", {"expires_at": None})), ("open", None, None)),
        (
            (("offered", {"site_number": "012", "deadline": LATER}), ("expired", {})),
            ("expired", "offered", LATER),
        ),
    ],
)
def test_a_slot_is_folded_from_its_events(events: Any, state: Any) -> None:
    assert state_after(*events) == state


async def test_a_row_changed_behind_the_services_back_is_found(trial: Any) -> None:
    await trial.reserve((await trial.screen())["screening_id"])
    await trial.board_matches_events()

    async def tamper(tx: Any) -> None:
        await tx.fetch(Sql("UPDATE slot SET state = 'open' WHERE state = 'reserved'"))
        await tx.fetch(Sql("UPDATE dose_level SET state = 'open' WHERE level = 2"))

    await trial.running.service.database.write(tamper)

    answer = (await trial.running.operator.get("/slot-board/verification", trial="EP01")).json()
    assert answer["equal"] is False
    assert sorted((one["kind"], (one["stored"] or {}).get("state")) for one in answer["differences"]) == [
        ("dose_level", "open"),
        ("slot", "open"),
    ]


async def test_dose_levels_show_how_everybody_fared(trial: Any) -> None:
    children = [await trial.enrol(site) for site in ("012", "034", "056", "012")]
    for child, site in zip(children, ("012", "034", "056", "012"), strict=True):
        await trial.dose(child["participant_id"], site)
    ids = [child["participant_id"] for child in children]
    await trial.safety_says(
        trial.verdict(ids[0], "no_dlt"), trial.verdict(ids[1], "dlt"), trial.verdict(ids[2], "not_evaluable")
    )

    shown = (await trial.nurse().get("/dose-levels", trial=trial.trial_id)).json()

    level = next(one for one in shown["levels"] if (one["part"], one["level"]) == ("escalation", 1))
    counts = {
        name: level[name] for name in ("enrolled", "dosed", "evaluable", "dlt", "pending", "not_evaluable")
    }
    assert counts == {"enrolled": 4, "dosed": 4, "evaluable": 2, "dlt": 1, "pending": 1, "not_evaluable": 1}
    assert (level["dose"], level["unit"], level["label"]) == ("10", "mg/m2", "level 1")


async def test_a_dlt_costs_few_statements(trial: Any) -> None:
    children = [(await trial.enrol(site))["participant_id"] for site in ("012", "034")]
    await trial.safety_says(trial.verdict(children[0]))
    database = trial.running.service.database
    counted: list[str] = []
    write = database.write

    async def counting(work: Any) -> Any:
        async def watched(tx: Any) -> Any:
            fetch, each = tx.fetch, tx.fetch_each

            async def one(statement: Any, *arguments: Any) -> Any:
                counted.append(statement.postgresql)
                return await fetch(statement, *arguments)

            async def many(statement: Any, arguments: Any) -> Any:
                counted.append(statement.postgresql)
                return await each(statement, arguments)

            tx.fetch, tx.fetch_each = one, many
            return await work(tx)

        return await write(watched)

    database.write = counting
    await trial.safety_says(trial.verdict(children[1]))
    del database.write

    assert (await trial.level())["state"] == "closed"
    events = 5  # the level and four slots
    per_event = 4 if database.dialect == "sqlite" else 1
    assert len(counted) <= 20 + events * per_event, counted
