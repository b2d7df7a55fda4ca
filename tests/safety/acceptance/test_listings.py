"""SAF-25 of the acceptance checks: listings at a lock point, rebuilt to the same bytes, without any arm."""

import csv
import hashlib
import io
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.safety.domain.listing import ListingKind, ListingRequest
from services.safety.queries.listings import build_listing
from shared.clock import format_instant
from tests.safety.cases import (
    opened,
    posted,
    route_of,
    sent,
    serious_report,
)
from tests.safety.world import World


async def year_of(world: World) -> tuple[str, str]:
    today = await world.today()
    return (today - timedelta(days=364)).isoformat(), (today + timedelta(days=30)).isoformat()


async def published(world: World, kind: str = "annual", **changes: Any) -> dict[str, Any]:
    """A listing locked a minute before now; the clock moves on first."""
    await world.move(await world.now() + timedelta(minutes=5))
    from_on, to_on = await year_of(world)
    lock = format_instant(await world.now() - timedelta(minutes=2))
    body = {"trial": "EP01", "kind": kind, "from_on": from_on, "to_on": to_on, "lock_at": lock} | changes
    return await posted(world, "/listings", body)


async def content_of(world: World, listing: dict[str, Any]) -> bytes:
    answer = await world.officer.get(f"/listings/{listing['listing_id']}/content")
    assert answer.status_code == 200, answer.text
    return answer.content


def rows(raw: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(raw.decode())))


def lines(raw: bytes) -> list[dict[str, str]]:
    """The line listing's lines, by column."""
    found = rows(raw)
    head = next(place for place, row in enumerate(found) if row[:1] == ["report"])
    listed = []
    for row in found[head + 1 :]:
        if not row:
            break
        listed.append(dict(zip(found[head], row, strict=True)))
    return listed


async def test_saf_25_a_listing_rebuilt_after_everything_changed_has_the_same_bytes(world: World) -> None:
    await world.treat()
    route = await route_of(world)
    report = await serious_report(world)
    unknown = await world.reported(
        participant_number="EP01-012-0033", seriousness=["hospitalisation"], grade=3
    )
    case = await opened(world, route, report)
    await sent(world, route, case["case_id"])
    listings = {kind: await published(world, kind) for kind in ("line", "cumulative", "annual")}
    before = {kind: await content_of(world, one) for kind, one in listings.items()}

    await world.officer.post(
        f"/adverse-events/{report}/amendments",
        {"verbatim": "death", "term": "Fatigue", "grade": 3, "seriousness": ["death"], "reason": "new facts"},
    )
    await world.tell(world.enrolment, world.registered("participant-3", "EP01-012-0033"))
    await serious_report(world)
    further = await opened(world, route, unknown["report_id"])
    await sent(world, route, further["case_id"])
    await world.move(await world.now() + timedelta(days=400))

    for kind, listing in listings.items():
        after = await content_of(world, listing)
        assert after == before[kind], kind
        assert hashlib.sha256(after).hexdigest() == listing["sha256"]
        assert len(after) == listing["size"]
    later = lines(await content_of(world, await published(world, "line", from_on="2020-01-01")))
    assert len(later) == 3
    assert {line["term"] for line in later} == {"Fatigue", "Sepsis"}


async def test_saf_25_what_is_listed_as_a_susar_was_sent_and_the_other_way_round(world: World) -> None:
    await world.treat()
    route = await route_of(world)
    told, untold = await serious_report(world), await serious_report(world)
    case = await opened(world, route, told)
    await sent(world, route, case["case_id"])

    found = rows(await content_of(world, await published(world)))

    assert ["SUSARs listed", "2"] in found
    assert ["sent expedited", "1"] in found
    assert [f"listed, not sent: {untold}"] in found

    await sent(world, route, (await opened(world, route, untold))["case_id"])

    found = rows(await content_of(world, await published(world)))
    assert (["SUSARs listed", "2"] in found, ["sent expedited", "2"] in found) == (True, True)
    assert ["unequal", "0"] in found
    assert not [row for row in found if row and row[0].startswith(("listed, not", "sent, not"))]


async def test_saf_25_a_sent_report_that_is_no_susar_is_shown(world: World) -> None:
    await world.treat()
    route = await route_of(world)
    report = await serious_report(world, causality="unrelated")
    await sent(world, route, (await opened(world, route, report))["case_id"])

    found = rows(await content_of(world, await published(world)))

    assert [f"sent, not listed: {report}"] in found


async def test_saf_25_an_annual_listing_has_reactions_of_its_year_and_counts_from_the_first_report_on(
    world: World,
) -> None:
    await world.treat()
    await serious_report(world)
    await serious_report(world, causality="unrelated", term="Fatigue", grade=3)
    await world.reported(term="Fatigue", grade=1)
    await world.move(await world.now() + timedelta(days=370))
    await serious_report(world, onset=(await world.today()).isoformat())
    today = await world.today()

    listing = await published(
        world, from_on=(today - timedelta(days=10)).isoformat(), to_on=today.isoformat()
    )

    raw = await content_of(world, listing)
    assert [line["class"] for line in lines(raw)] == ["SUSAR"]
    found = rows(raw)
    assert ["Infections and infestations", "Sepsis", "2"] in found
    assert ["General disorders and administration site conditions", "Fatigue", "1"] in found
    assert ["total", "", "3"] in found


async def test_saf_25_a_death_is_among_the_deaths(world: World) -> None:
    await world.treat()
    today = (await world.today()).isoformat()
    report = await serious_report(world, seriousness=["death"], grade=5, outcome="fatal", death_on=today)

    found = rows(await content_of(world, await published(world)))

    assert [report, "EP01-012-0017", "Sepsis", today] in found


async def test_saf_25_no_word_of_an_arm_or_a_product_stands_in_a_listing(world: World) -> None:
    await world.treat()
    await serious_report(world)

    raw = (await content_of(world, await published(world, "line"))).decode().casefold()

    for word in ("arm", "placebo", "allocation", "level", "palbociclib"):
        assert word not in raw.replace("harm", "")


async def test_a_lock_point_that_may_still_change_is_refused(world: World) -> None:
    from_on, to_on = await year_of(world)
    lock = format_instant(await world.now() - timedelta(seconds=30))
    body = {"trial": "EP01", "kind": "line", "from_on": from_on, "to_on": to_on, "lock_at": lock}

    assert (await posted(world, "/listings", body, 422))["code"] == "lock_in_future"
    backwards = body | {"from_on": to_on, "to_on": from_on, "lock_at": "2026-01-01T00:00:00Z"}
    assert (await posted(world, "/listings", backwards, 422))["code"] == "impossible_date"


async def test_a_list_of_everything_is_there_on_demand(world: World) -> None:
    await world.treat()
    report = await serious_report(world)
    await world.move(await world.now() + timedelta(minutes=5))
    from_on, to_on = await year_of(world)

    answer = await world.officer.get(
        "/listing-previews", trial="EP01", kind="line", from_on=from_on, to_on=to_on
    )

    assert answer.status_code == 200, answer.text
    assert [line["report"] for line in lines(answer.content)] == [report]
    assert answer.headers["content-type"].startswith("text/csv")


async def test_pages_are_put_together_without_a_gap_or_a_repeat(world: World) -> None:
    await world.treat()
    reports = [await serious_report(world) for _ in range(5)]
    whole = await published(world, "line")
    asked = ListingRequest(
        trial="EP01",
        kind=ListingKind.LINE,
        from_on=date.fromisoformat((await year_of(world))[0]),
        to_on=date.fromisoformat((await year_of(world))[1]),
        lock_at=await world.now() - timedelta(minutes=2),
        zone=ZoneInfo("Europe/London"),
    )

    pieces = [piece async for piece in build_listing(world.running.service.database, asked, page=2)]

    listed = [line["report"] for line in lines(b"".join(pieces))]
    assert listed == [line["report"] for line in lines(await content_of(world, whole))] == sorted(reports)
    assert max(len(piece) for piece in pieces) < whole["size"] / 2


async def test_a_cell_is_never_a_formula(world: World) -> None:
    await world.reported(
        by=world.officer,
        participant_number="=CMD|' /C CALC'!A0",
        site_number="@SUM(1)",
        seriousness=["hospitalisation"],
    )

    raw = (await content_of(world, await published(world, "line"))).decode()

    cells = [cell for row in csv.reader(io.StringIO(raw)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert any(cell.startswith("'=") for cell in cells)


async def test_a_published_listing_is_told_with_its_digest_and_nothing_of_its_lines(world: World) -> None:
    await world.treat()
    report = await serious_report(world)

    listing = await published(world)

    told = [event for event in await world.running.published() if "listing.published" in str(event)]
    assert len(told) == 1
    assert listing["sha256"] in str(told)
    assert report not in str(told)
