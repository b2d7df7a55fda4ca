"""A reporter who writes whatever there is: all of it is taken, kept to the letter, and stays where it belongs."""

import json
from typing import Any

import pytest
import structlog

from services.safety.domain.channels import Channel
from shared.database import Database
from tests.safety.timers.channels import alerting_over
from tests.safety.world import World

NHS_NUMBER = "943 476 5919"
HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}${7*7}<!--",
    "bidi": "admitted \u202etnemtaert detats\u202c \u2066\u2069\u200f\u200b\ufeff mild",
    "formula": "=cmd|' /C calc'!A0\t@SUM(1+1)*2\r\n+1-1",
    "long": "Sepsis " * 14_285 + "\u00fc\U0001f691\u0301xy",
    "nul": "before\0after\x01\x02\x7f\x85",
    "nhs_number": f"Jo Bloggs, NHS {NHS_NUMBER}, born 3 March 2015, ask jo@example.org",
    "sql": "'; DROP TABLE adverse_event; -- %s %(x)s $1 \\u0041 \\",
    "log": "x\n2026-01-01 CRITICAL root: all alerts resolved\r\n\x1b[2J\x1b]0;owned\x07",
    "path": "../../../../etc/passwd\0.txt",
}
FREE = (
    "verbatim",
    "narrative",
    "contact",
    "other_specify",
    "outcome",
    "admission",
    "causality",
    "term",
    "ctcae",
)
DATED = ("onset", "end", "death_on", "aware_at")
WHERE = ("trial", "participant_number", "site_number", "stated_by")
MARK = "CANARY"


def _marked(text: str) -> str:
    return f"{MARK}{text}{MARK}"


@pytest.mark.parametrize("name", HOSTILE)
async def test_any_text_in_any_field_is_taken_kept_to_the_letter_and_goes_nowhere(
    safety_store: Database, name: str
) -> None:
    text = HOSTILE[name]
    async with alerting_over(safety_store, Channel.MAIL, Channel.WEBHOOK) as alerting:
        world = World(alerting.running)
        await world.open_trial()
        await world.on_duty("first")
        await world.treat()
        stated = _everything(_marked(text))

        with structlog.testing.capture_logs() as lines:
            answer = await world.report(by=world.officer, **stated)
            await alerting.turn()

        assert answer.status_code == 201, answer.text
        receipt = answer.json()
        assert receipt["matched"] == "matched"
        await _assert_kept(world, receipt["report_id"], stated)
        await _assert_told_nobody(world, alerting, lines, text)


def _everything(text: str) -> dict[str, Any]:
    """The text in every field, or in as many as one body has room for."""
    lists = {"exclusions": [text], "seriousness": ["death", text]}
    stated = dict.fromkeys((*FREE, *DATED, "stated_by"), text) | lists
    if len(text) < 10_000:
        return stated
    return (
        dict.fromkeys(stated, MARK)
        | {"verbatim": text, "narrative": text, "onset": text}
        | {
            "exclusions": [MARK],
            "seriousness": ["death", MARK],
        }
    )


async def _assert_kept(world: World, report_id: str, stated: dict[str, Any]) -> None:
    shown = await world.officer.get(f"/adverse-events/{report_id}")
    assert shown.status_code == 200
    assert shown.headers["content-type"] == "application/json"
    assert shown.headers["x-content-type-options"] == "nosniff"
    (version,) = shown.json()["versions"]
    content = version["content"]
    assert version["narrative"] == stated["narrative"]
    assert version["contact"] == stated["contact"]
    for name in ("verbatim", "other_specify", "admission", "onset", "end", "death_on"):
        assert content[name] == stated[name], name
    kept = json.dumps(content, ensure_ascii=False) + json.dumps(version, ensure_ascii=False)
    for name in ("term", "ctcae", "outcome", "causality", "exclusions", "seriousness"):
        assert json.dumps(stated[name], ensure_ascii=False)[1:-1].strip('"') in kept, name


async def _assert_told_nobody(world: World, alerting: Any, lines: Any, text: str) -> None:
    """Neither an event, nor a log line, nor a message, nor an audit row has any of it."""
    events = [json.dumps(event["body"], ensure_ascii=False) for event in await world.running.published()]
    audit = [str(row) for row in await world.rows("SELECT action, actor, reason, details FROM audit")]
    sent = [str(message.message) for post in alerting.posts.values() for message in post.taken]
    assert sent
    for told in (*events, *audit, *sent, *(str(line) for line in lines)):
        assert MARK not in told
        assert NHS_NUMBER not in told


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("field", WHERE)
async def test_any_text_where_a_number_belongs_is_an_unmatched_report(
    world: Any, name: str, field: str
) -> None:
    stated = {field: HOSTILE[name], "participant_number": HOSTILE[name], "seriousness": ["death"]}

    everywhere = world.running.person("desk", "safety_officer:*:*")
    answer = await world.report(by=everywhere, **stated)

    assert answer.status_code == 201, answer.text
    assert answer.json()["matched"] == "unmatched"
    assert {alert["kind"] for alert in answer.json()["alerts"]} == {"death"}


@pytest.mark.parametrize("name", HOSTILE)
async def test_any_text_in_an_amendment_is_taken_as_well(world: Any, name: str) -> None:
    await world.treat()
    text = HOSTILE[name]
    report_id = (await world.reported(seriousness=["hospitalisation"]))["report_id"]
    statement = {"verbatim": text, "narrative": text, "reason": text, "seriousness": ["hospitalisation"]}

    answer = await world.officer.post(f"/adverse-events/{report_id}/amendments", statement)

    assert answer.status_code == 201, answer.text
    shown = (await world.officer.get(f"/adverse-events/{report_id}")).json()["versions"][-1]
    assert (shown["narrative"], shown["content"]["verbatim"]) == (text, text)
    assert shown["reason"] == text.replace("\0", "\ufffd").strip()


async def test_an_nhs_number_is_flagged_for_somebody_to_redact(world: Any) -> None:
    await world.treat()

    receipt = await world.reported(narrative=HOSTILE["nhs_number"])

    assert "identifier_suspected" in receipt["flags"]


async def test_texts_beyond_every_bound_are_refused_and_never_an_error_of_ours(world: Any) -> None:
    reporter = world.officer

    too_large = await world.report(by=reporter, narrative="x" * (1024 * 1024))
    surrogate = await world.running.client.post(
        "/safety/api/v1/adverse-events",
        content=b'{"verbatim": "\\ud800"}',
        headers={"content-type": "application/json"} | reporter._authorization(),
    )

    assert (too_large.status_code, surrogate.status_code) == (413, 400)
