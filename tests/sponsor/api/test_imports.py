"""Sites and staff from CSV files: looked at first, then every row or none."""

from typing import Any

import pytest

from shared.database import Sql
from shared.testing.running import Running
from tests.sponsor.office import Json, Office, created, refused, shown

HEADER = "site_number,organisation,country,zone,principal_investigator,recruitment_cap\r\n"
SITES = (
    "\ufeff"
    + HEADER
    + '201,"Children\'s Hospital, North",GB,Europe/London,dr-201,\r\n202,South,JP,Asia/Tokyo,dr-202,4\r\n'
)
STAFF_HEADER = "person,role,site_number,from,until\n"
STAFF = (
    STAFF_HEADER
    + "dr-201,site_investigator,201,2026-01-01T00:00:00Z,\n"
    + "chair-9,src_chair,,2026-01-01T00:00:00Z,2027-01-01T00:00:00Z\n"
)
TABLES = ("site", "delegation", "audit", "outbox", "idempotency")


async def post(office: Office, kind: str, csv: str, *, dry_run: bool = False) -> Any:
    body = {"kind": kind, "csv": csv, "dry_run": dry_run}
    return await office.manager.post(f"/trials/{office.trial_id}/imports", body)


async def rows_kept(running: Running) -> dict[str, int]:
    async def count(tx: Any) -> dict[str, int]:
        return {name: int((await tx.fetch(Sql(f"SELECT count(*) FROM {name}")))[0][0]) for name in TABLES}

    return await running.service.database.read(count)


async def test_sites_and_staff_are_added_and_a_repeat_changes_nothing(new_office: Office) -> None:
    sites = created(await post(new_office, "sites", SITES))
    staff = created(await post(new_office, "staff", STAFF))

    assert (sites["rows"], sites["added"], sites["unchanged"]) == (2, 2, 0)
    assert (staff["rows"], staff["added"], staff["unchanged"]) == (2, 2, 0)
    added = {site["site_number"]: site for site in (await new_office.overview())["sites"]}
    assert added["201"]["organisation"] == "Children's Hospital, North"
    assert added["202"]["recruitment_cap"] == 4
    again = created(await post(new_office, "sites", SITES))
    assert (again["added"], again["unchanged"]) == (0, 2)
    again = created(await post(new_office, "staff", STAFF))
    assert (again["added"], again["unchanged"]) == (0, 2)


async def test_dry_run_tells_every_bad_row_and_changes_nothing(new_office: Office, running: Running) -> None:
    before = await rows_kept(running)
    text = (
        HEADER + "20,North,GB,Europe/London,dr-1,\n203,=cmd,GB,Mars,dr-1,\n204,East,GB,Europe/London,dr-1,0\n"
    )

    found: Json = shown(await post(new_office, "sites", text, dry_run=True))

    assert [(one["row"], one["column"], one["rule"]) for one in found["bad"]] == [
        (2, "site_number", "form"),
        (3, "organisation", "formula"),
        (3, "zone", "zone"),
        (4, "recruitment_cap", "range"),
    ]
    assert await rows_kept(running) == before


async def test_one_bad_row_keeps_every_row_out(new_office: Office, running: Running) -> None:
    before = await rows_kept(running)

    problem = refused(
        await post(new_office, "sites", SITES + "203,East,XX,Nowhere,dr-1,\n"), 422, "import_rows_invalid"
    )

    assert problem["rows"] == [{"file": "sites.csv", "row": 4, "column": "zone", "rule": "zone"}]
    assert await rows_kept(running) == before


async def test_row_that_differs_from_what_is_there_is_bad(new_office: Office) -> None:
    created(await post(new_office, "sites", SITES))
    created(await post(new_office, "staff", STAFF))

    sites = shown(await post(new_office, "sites", SITES.replace("South", "West"), dry_run=True))
    staff = shown(await post(new_office, "staff", STAFF.replace("2027", "2028"), dry_run=True))

    assert [(one["row"], one["column"], one["rule"]) for one in sites["bad"]] == [
        (3, "organisation", "differs")
    ]
    assert [(one["row"], one["column"], one["rule"]) for one in staff["bad"]] == [(3, "until", "differs")]


@pytest.mark.parametrize(
    ("line", "column", "rule"),
    [
        ("dr-1,site_nurse,999,2026-01-01T00:00:00Z,", "site_number", "site_unknown"),
        ("dr-1,wizard,201,2026-01-01T00:00:00Z,", "role", "word_unknown"),
        (
            "dr-1,site_nurse,201,2026-01-01T00:00:00Z,2025-01-01T00:00:00Z",
            "until",
            "delegation_period_invalid",
        ),
        ("chair-9,site_nurse,201,01.02.2026,", "from", "instant"),
    ],
)
async def test_staff_line_that_cannot_be_is_bad(
    new_office: Office, line: str, column: str, rule: str
) -> None:
    created(await post(new_office, "sites", SITES))

    found = shown(await post(new_office, "staff", STAFF_HEADER + line + "\n", dry_run=True))

    assert [(one["row"], one["column"], one["rule"]) for one in found["bad"]] == [(2, column, rule)]


async def test_nobody_is_unblinded_and_treats_in_one_file(new_office: Office) -> None:
    created(await post(new_office, "sites", SITES))
    lines = "st-1,unblinded_statistician,,2026-01-01T00:00:00Z,\nst-1,site_nurse,201,2026-02-01T00:00:00Z,\n"

    found = shown(await post(new_office, "staff", STAFF_HEADER + lines, dry_run=True))

    assert [(one["row"], one["rule"]) for one in found["bad"]] == [(3, "unblinded_role_conflict")]


async def test_file_that_is_too_large_is_not_read(new_office: Office) -> None:
    refused(await post(new_office, "sites", "x" * (2 * 1024 * 1024 + 1)), 413, "body_too_large")


async def test_nobody_else_imports(new_office: Office) -> None:
    body = {"kind": "sites", "csv": SITES, "dry_run": True}
    path = f"/trials/{new_office.trial_id}/imports"

    refused(await new_office.chair.post(path, body), 403, "forbidden")
    staff = {"kind": "staff", "csv": STAFF, "dry_run": False}
    refused(await new_office.quality.post(path, staff), 403, "forbidden")
