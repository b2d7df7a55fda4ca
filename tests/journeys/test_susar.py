"""The toxicity of the demonstration that becomes a SUSAR, told by itself; its files are read by others than us."""

import asyncio
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from deploy.trialops.demo.agenda import Agenda
from deploy.trialops.demo.hospital import ZONE, Registered
from deploy.trialops.demo.page_susar import susar_in_words, susar_section
from deploy.trialops.demo.play import failed_of_susar
from deploy.trialops.demo.published import DEHYDRATION, NEUTROPENIA, Toxicity
from deploy.trialops.demo.regulator import Answered, acknowledgement
from deploy.trialops.demo.susar import Susar
from deploy.trialops.demo.susar_bodies import INVENTED, PLACEHOLDER, PLACEHOLDER_NOTE
from deploy.trialops.demo.susar_facts import facts_of
from deploy.trialops.demo.timeline import Timeline
from services.safety.domain.icsr.check import Profile, check_document
from services.safety.domain.icsr.schema_check import SCHEMA_FILE
from services.safety.store.e2b_tables import shipped_standard
from shared.clock import parse_instant
from shared.xml_schema import XmlSchema
from tests.journeys.case_files import case_files
from tests.journeys.world import CODE, Trial, World
from tests.oracles import oracle


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The story, its facts, and its files as they were sent."""

    susar: Susar
    one: Registered
    facts: dict[str, Any]
    files: list[bytes]

    @property
    def onset(self) -> date:
        return parse_instant(self.facts["moments"][0]["at"]).astimezone(ZONE).date()


async def told(world: World, toxicity: Toxicity = DEHYDRATION) -> Told:
    """A child with this toxicity, and what follows from its report."""
    trial = await world.opened_trial()
    susar = Susar(trial.stage, Timeline(), CODE, trial.office.monitor, ZONE)
    await susar.prepare()
    one = await _treated(trial, toxicity)
    receipt = await trial.hospitals.report_toxicity(one)
    await trial.stage.quiet()
    path = f"/participants/{one.participant_id}/dlt-verdicts"
    verdict = (await trial.office.monitor.get("safety", path))["versions"][-1]["verdict"]
    agenda = Agenda(trial.stage)
    susar.follow(agenda, one, receipt["report_id"], verdict)
    await agenda.run()
    files = [raw for _, raw in await case_files(world)]
    return Told(susar=susar, one=one, facts=facts_of(susar), files=files)


async def _treated(trial: Trial, toxicity: Toxicity) -> Registered:
    one = await trial.dosed()
    one = replace(one, child=replace(one.child, toxicity=toxicity))
    await trial.stage.move_to(one.first_dose_at + timedelta(days=one.child.event_day - 1, hours=1))
    return one


# -- the story ----------------------------------------------------------------------------------------


async def test_a_toxicity_becomes_a_susar_by_its_assessments_and_its_case_is_refused_taken_and_closed(
    world: World,
) -> None:
    facts = (await told(world)).facts

    assert facts["checks"] == dict.fromkeys(facts["checks"], True)
    assert len(facts["checks"]) == 12
    assert [one["event_class"] for one in facts["moments"]] == [None, *["SUSAR"] * 6]
    assert [one["in_the_queue"] for one in facts["moments"]] == [None, None, None, False, True, False, False]
    due = {f"us.ind.other to {recipient}" for recipient in ("FDA", "investigators")}
    states = [one["obligations"] for one in facts["moments"]]
    assert states[0] == {}
    assert states[1] == states[2] == dict.fromkeys(due, "open")
    assert states[4] == dict.fromkeys(due, "met") | {"us.ind.other to FDA": "open"}
    assert states[3] == states[5] == states[6] == dict.fromkeys(due, "met")
    assert [file["accepted"] for file in facts["files"]] == [False, True]
    assert "Grade 3 is more severe than grade 2, as listed." in facts["reasons"]


async def test_the_report_is_due_fifteen_days_after_its_receipt_also_after_the_refusal(
    embedded: World,
) -> None:
    one = await told(embedded)

    due = str(one.onset + timedelta(days=15))
    assert {owed["due_date"] for owed in one.facts["obligations"]} == {due}
    assert {owed["due_date"] for seen in one.susar.seen[1:] for owed in seen.obligations} == {due}


async def test_a_toxicity_that_is_not_the_one_leaves_the_story_untold_and_a_check_failed(
    embedded: World,
) -> None:
    facts = (await told(embedded, NEUTROPENIA)).facts

    assert failed_of_susar(facts) == ["SUSAR: the story was told to its end does not hold"]
    assert "failed" in susar_section(facts)
    assert "not followed to its end" in susar_in_words(facts)


# -- its files ----------------------------------------------------------------------------------------


async def test_every_file_of_the_demonstration_passes_the_rules_of_ich_and_of_fda(embedded: World) -> None:
    one = await told(embedded)

    assert len(one.files) == 2
    for raw in one.files:
        for profile in Profile:
            assert check_document(raw, profile, shipped_standard(), now=one.susar.stage.now) == []


@pytest.mark.oracle
async def test_every_file_of_the_demonstration_is_valid_against_the_schema(embedded: World) -> None:
    not_checked = "the demonstration's files against the schema"
    schema = XmlSchema(oracle("e2b", "xsd", SCHEMA_FILE, not_checked=not_checked))

    files = (await told(embedded)).files

    assert [await asyncio.to_thread(schema.problems, raw) for raw in files] == [[], []]


async def test_a_second_reader_finds_in_every_file_what_was_reported_and_assessed(embedded: World) -> None:
    e2br3 = pytest.importorskip("e2br3", reason="the second reader is not installed; nothing was compared")

    one = await told(embedded)

    assert len(one.files) == 2
    for raw in one.files:
        _compare(e2br3.parse(raw), one)


def _compare(batch: Any, told: Told) -> None:
    """Everything that the story knows, as another library reads it."""
    [message] = batch.messages
    icsr, child, number = message.icsr, told.one.child, told.susar.desk.case["number"]
    assert (icsr.safety_report_id, icsr.worldwide_case_id, icsr.report_type.code) == (number, number, "2")
    day = f"{told.onset:%Y%m%d}"
    assert (icsr.first_received_date.raw, icsr.most_recent_date.raw) == (day, day)
    [source] = icsr.primary_sources
    assert (source.qualification.code, source.country.code) == ("1", "US")
    [reaction] = icsr.reactions
    assert (reaction.meddra_code, reaction.meddra_version) == (PLACEHOLDER["code"], PLACEHOLDER["version"])
    assert (reaction.id, reaction.translated_term) == (told.susar.report_id, "Dehydration")
    assert (reaction.start_date.raw, reaction.outcome.code) == (day, "1")
    assert reaction.hospitalisation is True
    others = (reaction.results_in_death, reaction.life_threatening, reaction.disabling)
    assert {criterion.null_flavor.value for criterion in others} == {"NI"}
    [drug] = icsr.drugs
    [substance], [dosage] = drug.substances, drug.dosages
    assert (drug.product_name, drug.role.code, drug.action_taken.code) == ("palbociclib", "1", "1")
    assert (substance, dosage.text) == ("palbociclib", f"{told.one.dose} mg/m2 once daily")
    opinions = [
        (one.source.original_text, one.method.original_text, one.result)
        for entry in drug.relatedness
        for one in entry.assessments
    ]
    assert opinions == [
        ("Investigator", "Global introspection", "Probable"),
        ("Sponsor", "Global introspection", "Possible"),
        ("Sponsor", "FDA", "Suspected"),
    ]
    assert (icsr.patient.age.value, icsr.patient.age.unit) == (child.age_years, "a")
    assert icsr.patient.name.null_flavor.value == "MSK"
    assert icsr.narrative.startswith(INVENTED)
    assert icsr.narrative.endswith("CTCAE 5.0: Dehydration, worst grade 3.")


async def test_the_files_say_that_they_are_invented_and_that_the_code_is_a_placeholder(
    embedded: World,
) -> None:
    one = await told(embedded)

    for raw in one.files:
        text = raw.decode()
        assert INVENTED in text
        assert "MedDRA is not shipped" in text
        assert f'code="{PLACEHOLDER["code"]}"' in text
    # MedDRA's codes begin with 10.
    assert not PLACEHOLDER["code"].startswith("10")


@pytest.mark.oracle
@pytest.mark.parametrize("accepted", [True, False])
def test_the_played_regulators_answer_is_valid_against_the_schema(accepted: bool) -> None:
    file = SCHEMA_FILE.replace("IN200100", "IN200101")
    schema = XmlSchema(oracle("e2b", "xsd", file, not_checked="the played answers against the schema"))
    at = parse_instant("2030-09-09T01:00:00Z")
    answered = Answered(
        batch_number="b",
        case_number="US-X-1",
        sent_at=at,
        sender="S & <s>",
        receiver="R",
        accepted=accepted,
        text="R0105; <why> & how",
    )

    assert schema.problems(acknowledgement(answered, number="a-1", at=at)) == []


# -- what is shown ------------------------------------------------------------------------------------


async def test_the_page_tells_the_story_in_words_and_labels_what_is_invented(embedded: World) -> None:
    facts = (await told(embedded)).facts

    page = susar_section(facts)

    assert INVENTED in page
    assert PLACEHOLDER_NOTE.replace("'", "&#x27;") in page
    assert f"Placeholder: {PLACEHOLDER['code']}." in page
    assert "The regulator is played." in page
    assert (page.count(">refused<"), page.count(">taken<")) == (1, 1)
    assert "does not hold" not in page
    assert "placeholder" in susar_in_words(facts)


async def test_a_check_of_the_susar_that_fails_is_named_and_shown_as_failed(embedded: World) -> None:
    facts = (await told(embedded)).facts
    spoiled = facts | {"checks": facts["checks"] | {"the_case_is_closed": False}}

    assert failed_of_susar(spoiled) == ["SUSAR: the case is closed does not hold"]
    assert '<li class="failed">the case is closed: does not hold</li>' in susar_section(spoiled)
