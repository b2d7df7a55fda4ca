"""What a committee is shown (practice.md §6): frozen and hashed, made again byte for byte, and said to be late."""

import base64
import csv
import hashlib
import io
import json
import time
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update

from services.sponsor.domain.pack.content import SeenDose, SeenEvent, SeenParticipant
from services.sponsor.store.committee_tables import CommitteeFileRow
from shared.rows import table_of
from shared.testing.running import Running
from tests.sponsor.network import AT
from tests.sponsor.office import Json, Office, created, refused, shown

PART = "escalation"
LABORATORY = (
    "participant_number,test,taken_on,value,unit,low,high\n"
    "EP01-012-0001,ALT,2026-03-02,30,U/L,5,45\n"
    "EP01-012-0001,ALT,2026-03-09,120.5,U/L,5,45\n"
    "EP01-012-0001,ALT,2026-03-16,44,U/L,5,45\n"
    "EP01-012-9999,ALT,2026-03-16,44,U/L,5,45\n"
)


@dataclass
class Pack:
    """A pack as somebody downloaded it."""

    head: Json
    archive: bytes

    @property
    def names(self) -> list[str]:
        return zipfile.ZipFile(io.BytesIO(self.archive)).namelist()

    def member(self, name: str) -> bytes:
        return zipfile.ZipFile(io.BytesIO(self.archive)).read(name)

    def rows(self, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.member(name).decode(), newline="")))


async def packs(office: Office) -> list[Json]:
    items: list[Json] = shown(await office.statistician.get("/packs", trial=office.trial_id))["items"]
    return items


async def frozen_pack(office: Office) -> Pack:
    """Freeze a snapshot and download the pack that was frozen with it."""
    snapshot = await office.freeze(PART)
    head = next(one for one in await packs(office) if one["snapshot_id"] == snapshot["snapshot_id"])
    answer = await office.chair.get(f"/packs/{head['pack_id']}/pack.zip")
    assert answer.status_code == 200
    assert answer.headers["etag"] == f'"{head["sha256"]}"'
    return Pack(head=head, archive=answer.content)


async def attach(office: Office, name: str, kind: str, content: bytes, media_type: str = "text/csv") -> Json:
    body = {
        "part": PART,
        "name": name,
        "kind": kind,
        "media_type": media_type,
        "content_base64": base64.b64encode(content).decode(),
    }
    return created(await office.manager.post(f"/trials/{office.trial_id}/committee-files", body))


async def twelve_children(office: Office) -> list[str]:
    """Six children at level 1 and six at level 2, with doses of two courses and 30 adverse events of every sort."""
    heard = office.network
    first = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 6, decision=first)
    await office.judge(people, "no_dlt", PART, 1)
    second = await office.decide(PART, "open_level", 2, 6)
    people += await office.enrol(PART, 2, 6, decision=second)
    await office.judge(people[6:9], "no_dlt", PART, 2)
    await office.judge(people[9:10], "dlt", PART, 2)
    await office.judge(people[10:11], "not_evaluable", PART, 2)
    await office.judge(people[11:], "pending", PART, 2)
    for number, person in enumerate(people):
        missed = "toxicity" if number % 4 == 0 else None
        second_course = [(AT + timedelta(days=day), None) for day in (22, 23)][: number % 3]
        await heard.hear(
            heard.doses(person, (AT + timedelta(days=1), None), (AT + timedelta(days=2), missed)),
            heard.doses(person, *second_course or [(AT + timedelta(days=3), None)]),
        )
    for number in range(30):
        grade = None if number == 29 else 1 + number % 5
        await heard.hear(
            heard.adverse_event(
                f"report-{number:02}",
                people[(number * number) % 11],
                grade=grade,
                serious=number % 7 == 0,
                suspected=number % 3 != 0,
                causality=None if number % 2 else "possible",
                onset_on=(AT + timedelta(days=number - 2)).date() if number % 10 else None,
                queries=["grade_not_defined"] if grade is None else [],
            )
        )
    return people


async def test_a_pack_of_twelve_children_is_made_again_byte_for_byte(office: Office) -> None:
    await twelve_children(office)
    await attach(office, "pk-cycle-1.pdf", "pharmacokinetics", b"%PDF-1.7 example", "application/pdf")
    await attach(office, "laboratory-march.csv", "laboratory", LABORATORY.encode())

    pack = await frozen_pack(office)

    assert hashlib.sha256(pack.archive).hexdigest() == pack.head["sha256"]
    assert hashlib.sha256(pack.member("data.json")).hexdigest() == pack.head["data_sha256"]
    verified = shown(await office.chair.get(f"/packs/{pack.head['pack_id']}/verification"))
    assert (verified["equal"], verified["rebuilt_sha256"]) == (True, pack.head["sha256"])
    snapshot = json.loads(pack.member("snapshot.json"))
    assert snapshot["pack_sha256"] == pack.head["data_sha256"]
    manifest = json.loads(pack.member("manifest.json"))
    listed = {one["name"]: (one["size"], one["sha256"]) for one in manifest["files"]}
    others = [name for name in pack.names if name != "manifest.json"]
    assert listed == {
        name: (len(pack.member(name)), hashlib.sha256(pack.member(name)).hexdigest()) for name in others
    }
    assert manifest["snapshot_sha256"] == hashlib.sha256(pack.member("snapshot.json")).hexdigest()
    assert pack.member("files/pk-cycle-1.pdf") == b"%PDF-1.7 example"


async def test_a_day_later_and_after_everything_has_changed_the_old_pack_is_still_made_the_same(
    office: Office,
) -> None:
    people = await twelve_children(office)
    old = await frozen_pack(office)
    heard = office.network
    await heard.hear(heard.adverse_event("report-01", people[1], version=2, grade=5))
    await office.judge(people[:2], "dlt", PART, 1)
    await attach(office, "pk-cycle-2.txt", "pharmacokinetics", b"later", "text/plain")
    await frozen_pack(office)

    verified = shown(await office.chair.get(f"/packs/{old.head['pack_id']}/verification"))
    again = await office.chair.get(f"/packs/{old.head['pack_id']}/pack.zip")

    assert (verified["equal"], again.content) == (True, old.archive)


async def test_every_count_of_a_pack_is_that_of_its_own_tables(office: Office) -> None:
    await twelve_children(office)

    pack = await frozen_pack(office)

    people, doses = pack.rows("participants.csv"), pack.rows("doses.csv")
    events, counts = pack.rows("adverse-events.csv"), pack.rows("counts.csv")
    assert (len(people), len(events)) == (12, 30)
    assert [line["level"] for line in counts] == ["escalation/1", "escalation/2", "all"]
    for line in counts:
        own = [one for one in people if line["level"] in ("all", f"{one['part']}/{one['level']}")]
        numbers = {one["number"] for one in own}
        given = Counter(one["received"] for one in doses if one["number"] in numbers)
        told = [one for one in events if one["number"] in numbers]
        grades = Counter(one["grade"] for one in told)
        verdicts = Counter(one["verdict"] for one in own)
        recomputed = {
            "participants": len(own),
            "dosed": sum(one["first_dose_at"] != "" for one in own),
            "dlt": verdicts["dlt"],
            "provisional_dlt": sum(one["provisional_dlt"] == "yes" for one in own),
            "no_dlt": verdicts["no_dlt"],
            "pending": verdicts["pending"],
            "not_evaluable": verdicts["not_evaluable"],
            "missing": verdicts["missing"],
            "doses_received": given["yes"],
            "doses_missed": given["no"],
            "adverse_events": len(told),
            **{f"grade_{grade}": grades[str(grade)] for grade in range(1, 6)},
            "not_graded": grades[""],
            "serious": sum(one["serious"] == "yes" for one in told),
            "related": sum(one["related"] == "yes" for one in told),
            "open_queries": sum(len(one["queries"].split(";")) for one in told if one["queries"]),
        }
        assert {name: int(line[name]) for name in recomputed} == recomputed, line["level"]
    for one in people:
        own_doses = [line for line in doses if line["number"] == one["number"]]
        assert Counter(line["received"] for line in own_doses) == Counter(
            {"yes": int(one["received"])} | ({"no": int(one["missed"])} if one["missed"] != "0" else {})
        )


async def test_the_page_prints_the_counts_of_the_table_and_loads_nothing(office: Office) -> None:
    await twelve_children(office)
    await attach(office, "laboratory.csv", "laboratory", LABORATORY.encode())

    pack = await frozen_pack(office)

    answer = await office.chair.get(f"/packs/{pack.head['pack_id']}/pack.html")
    page = pack.member("pack.html").decode()
    assert (answer.status_code, answer.text) == (200, page)
    assert not any(mark in page for mark in ("<script", "src=", "href=", "url(", "@import", "http"))
    together = pack.rows("counts.csv")[-1]
    cells = "".join(f"<td>{value}</td>" for value in together.values())
    assert f"<tr>{cells}</tr>" in page
    for one in pack.rows("participants.csv"):
        assert page.count(f"<h3>{one['number']}, level {one['level']}: ") == 1
    [trend] = [row for row in page.split("<tr>") if "<td>ALT</td>" in row]
    assert "<td>3</td><td>30 (2026-03-02)</td>" in trend
    assert "<td>120.5 (2026-03-09)</td><td>44 (2026-03-16)</td><td>1</td>" in trend
    assert [row["value"] for row in pack.rows("laboratory.csv")] == ["30", "120.5", "44"]


async def test_an_adverse_event_is_placed_in_days_and_doses_of_later_courses_too(office: Office) -> None:
    heard, [child] = office.network, await office.enrol(PART, 1, 1)
    first = AT + timedelta(days=1)
    await heard.hear(
        heard.doses(child, (first, None), (first + timedelta(days=1), "toxicity")),
        heard.doses(child, (first + timedelta(days=21), None), (first + timedelta(days=22), None)),
        heard.adverse_event("before", child, onset_on=(first - timedelta(days=1)).date()),
        heard.adverse_event("same-day", child, onset_on=first.date()),
        heard.adverse_event("second-course", child, onset_on=(first + timedelta(days=24)).date()),
        heard.adverse_event("undated", child, onset_on=None),
    )
    await office.judge([child], "pending", PART, 1)

    rows = {row["report_id"]: row for row in (await frozen_pack(office)).rows("adverse-events.csv")}

    placed = {name: (row["day"], row["after_dose"], row["days_since_dose"]) for name, row in rows.items()}
    assert placed == {
        "before": ("-1", "0", ""),
        "same-day": ("1", "1", "0"),
        "second-course": ("25", "3", "2"),
        "undated": ("", "0", ""),
    }


async def test_a_dose_that_was_taken_back_is_not_shown(office: Office) -> None:
    heard, [child] = office.network, await office.enrol(PART, 1, 1)
    first = AT + timedelta(days=1)
    await heard.hear(
        heard.doses(child, (first, None), (first + timedelta(days=1), None)),
        heard.dose_voided(child, first + timedelta(days=1)),
    )
    await office.judge([child], "pending", PART, 1)

    pack = await frozen_pack(office)

    [person] = pack.rows("participants.csv")
    assert (person["planned"], person["received"], person["missed"]) == ("28", "1", "0")
    assert len(pack.rows("doses.csv")) == 1


async def test_a_pack_says_what_changed_since_the_one_before(office: Office) -> None:
    heard = office.network
    people = await office.enrol(PART, 1, 2)
    await heard.hear(heard.adverse_event("r1", people[0], grade=2))
    await office.judge(people, "pending", PART, 1)
    first = await frozen_pack(office)
    [newcomer] = await office.enrol(PART, 1, 1)
    await office.judge([newcomer], "pending", PART, 1)
    await heard.hear(
        heard.adverse_event("r1", people[0], version=2, grade=3),
        heard.adverse_event("r2", people[1], term="Vomiting", grade=1),
    )
    await office.judge(people[:1], "dlt", PART, 1)

    second = await frozen_pack(office)

    assert first.rows("changes.csv") == []
    found = {(row["kind"], row["field"], row["before"], row["after"]) for row in second.rows("changes.csv")}
    assert found == {
        ("participant_added", "", "", "level 1"),
        ("verdict_changed", "verdict", "pending", "dlt"),
        ("adverse_event_changed", "grade", "2", "3"),
        ("adverse_event_added", "", "", "Vomiting, grade 1"),
    }
    assert (second.head["n"], second.head["previous_pack_id"]) == (2, first.head["pack_id"])


async def test_a_late_adverse_event_flags_the_pack_within_five_seconds(office: Office) -> None:
    people = await twelve_children(office)
    pack = await frozen_pack(office)
    heard = office.network
    assert pack.head["outdated"] is None

    began = time.monotonic()
    await heard.hear(heard.adverse_event("late", people[3], term="Seizure", grade=4, serious=True))
    now = shown(await office.chair.get(f"/packs/{pack.head['pack_id']}"))
    took = time.monotonic() - began

    assert took < 5
    [because] = now["outdated"]["because"]
    assert (because["kind"], because["what"], because["after"]) == (
        "adverse_event_added",
        "late",
        "Seizure, grade 4",
    )
    said = await office.running.published("sponsor.committee-pack.outdated.v1")
    reports = {event["aggregate_id"]: event["body"]["reports"] for event in said}
    assert reports[pack.head["pack_id"]] == ["late"]


async def test_a_pack_is_flagged_once_and_names_the_decisions_that_rest_on_it(office: Office) -> None:
    heard = office.network
    decision = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 2, decision=decision)
    await office.judge(people, "no_dlt", PART, 1)
    again = await office.decide(PART, "open_level", 1, 3)

    await heard.hear(heard.adverse_event("r1", people[0]))
    await heard.hear(heard.adverse_event("r2", people[0]), heard.adverse_event("r1", people[0], version=2))

    [event] = await office.running.published("sponsor.committee-pack.outdated.v1")
    assert event["body"]["decisions"] == [again["decision_id"]]
    assert shown(await office.chair.get(f"/decisions/{again['decision_id']}"))["state"] == "in_force"


async def test_news_about_others_flags_nothing_and_a_report_of_nobody_flags_everything(
    office: Office,
) -> None:
    heard = office.network
    people = await office.enrol(PART, 1, 1)
    await heard.hear(heard.adverse_event("r1", people[0]))
    await office.judge(people, "pending", PART, 1)
    pack = await frozen_pack(office)
    [newcomer] = await office.enrol(PART, 1, 1)

    await heard.hear(
        heard.adverse_event("of-the-newcomer", newcomer),
        heard.adverse_event("r1", people[0], version=2),
        heard.doses(people[0], (AT + timedelta(days=2), None)),
    )
    await office.judge(people, "no_dlt", PART, 1)
    assert shown(await office.chair.get(f"/packs/{pack.head['pack_id']}"))["outdated"] is None
    await heard.hear(heard.adverse_event("whose", None))

    outdated = shown(await office.chair.get(f"/packs/{pack.head['pack_id']}"))["outdated"]
    assert [one["kind"] for one in outdated["because"]] == ["unmatched_added"]


async def test_an_input_that_was_tampered_with_is_said_to_be_altered(
    running: Running, office: Office
) -> None:
    await attach(office, "pk.txt", "pharmacokinetics", b"true", "text/plain")
    pack = await frozen_pack(office)
    files = table_of(CommitteeFileRow)

    async def tamper(tx: object) -> None:
        await tx.execute(update(files).values(content=b"else"))  # type: ignore[attr-defined]

    await running.service.database.write(tamper)

    refused(await office.chair.get(f"/packs/{pack.head['pack_id']}/verification"), 409, "pack_altered")


async def test_a_file_keeps_its_name_for_good_and_laboratory_values_must_be_readable(office: Office) -> None:
    await attach(office, "pk.txt", "pharmacokinetics", b"one", "text/plain")
    path = f"/trials/{office.trial_id}/committee-files"
    body = {"part": PART, "name": "pk.txt", "kind": "other", "media_type": "text/plain"}

    again = await office.manager.post(path, body | {"content_base64": "dHdv"})
    bad = LABORATORY.replace("120.5", "NaN").encode()
    unreadable = await office.manager.post(
        path,
        body | {"name": "l.csv", "kind": "laboratory", "content_base64": base64.b64encode(bad).decode()},
    )
    garbled = await office.manager.post(path, body | {"name": "x.txt", "content_base64": "####"})

    refused(again, 409, "committee_file_exists")
    assert refused(unreadable, 422, "committee_file_invalid")["lines"] == [3]
    refused(garbled, 422, "committee_file_invalid")


def test_no_line_of_a_pack_has_room_for_a_name_or_an_arm() -> None:
    columns = {name for line in (SeenParticipant, SeenDose, SeenEvent) for name in line.__dataclass_fields__}

    assert not columns & {
        "name",
        "arm",
        "initials",
        "birth_date",
        "sex",
        "nhs_number",
        "narrative",
        "verbatim",
    }
