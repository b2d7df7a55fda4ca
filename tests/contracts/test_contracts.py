"""Publishers' documents against consumers' readers: nobody imports the other, so this is where they meet."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from deploy.trialops.installation import PROGRAMS
from services.enrolment.domain.cohort_rule import parse_cohort_rule
from services.safety.domain.dlt_definition import parse_definition
from shared.consumer import Consumer, Effect
from shared.contracts import described, event_classes, write_contracts
from shared.service import Definition
from shared.topics import blinding_of

SERVICES = sorted(PROGRAMS)
DEFINITIONS: dict[str, Definition] = {name: described(PROGRAMS[name].define, name) for name in SERVICES}


def contracts_of(service: str) -> Path:
    return PROGRAMS[service].folder / "contracts"


def schema_of(service: str, event_type: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        (contracts_of(service) / "events" / f"{event_type}.schema.json").read_text()
    )
    return document


def consumers() -> Iterator[tuple[str, Consumer]]:
    for name, definition in DEFINITIONS.items():
        for consumer in definition.consumers:
            yield name, consumer


def effects() -> Iterator[Any]:
    for name, consumer in consumers():
        for event_type, effect in consumer.effects.items():
            yield pytest.param(consumer.producer, event_type, effect, id=f"{name} reads {event_type}")


@pytest.mark.parametrize("service", SERVICES)
def test_committed_documents_are_those_of_the_code(service: str) -> None:
    assert write_contracts(PROGRAMS[service].define, PROGRAMS[service].folder, check=True)


@pytest.mark.parametrize("service", SERVICES)
def test_every_event_has_an_example_that_fits_its_schema(service: str) -> None:
    for event in event_classes(DEFINITIONS[service]):
        example = json.loads((contracts_of(service) / "examples" / f"{event.event_type}.json").read_text())

        jsonschema.Draft202012Validator(schema_of(service, event.event_type)).validate(example)


@pytest.mark.parametrize(
    ("name", "consumer"), list(consumers()), ids=lambda one: getattr(one, "producer", one)
)
def test_every_published_type_is_named_by_its_consumer(name: str, consumer: Consumer) -> None:
    producer = DEFINITIONS[consumer.producer]
    heard = [event for event in event_classes(producer) if blinding_of(event) == consumer.blinding]
    published = {event.event_type for event in heard} | set(producer.published.retired)
    about_delivery = {
        f"{consumer.producer}.{what}.v1" for what in ("replay.requested", "audit-head.published")
    }

    named = set(consumer.effects) | consumer.ignored

    assert published - about_delivery == named - about_delivery


@pytest.mark.parametrize(("producer", "event_type", "effect"), list(effects()))
def test_reader_takes_every_example(producer: str, event_type: str, effect: Effect) -> None:
    example = (contracts_of(producer) / "examples" / f"{event_type}.json").read_text()

    effect.model.model_validate_json(example)


@pytest.mark.parametrize(("producer", "event_type", "effect"), list(effects()))
def test_reader_asks_for_nothing_that_may_be_absent_or_of_another_type(
    producer: str, event_type: str, effect: Effect
) -> None:
    published = schema_of(producer, event_type)
    reader = effect.model.model_json_schema(mode="validation")

    problems = list(unreadable(reader, published, reader, published, "$"))

    assert problems == []


def unreadable(
    wanted: dict[str, Any],
    given: dict[str, Any],
    wanted_root: dict[str, Any],
    given_root: dict[str, Any],
    at: str,
) -> Iterator[str]:
    """Where a document that fits `given` might not be readable as `wanted`."""
    wanted, given = resolved(wanted, wanted_root), resolved(given, given_root)
    accepts, sends = kinds(wanted, wanted_root), kinds(given, given_root)
    if accepts and not sends <= accepts and not (sends == {"integer"} and "number" in accepts):
        yield f"{at}: is sent as {sorted(sends)}, read as {sorted(accepts)}"
        return
    properties, sent = wanted.get("properties", {}), given.get("properties", {})
    for name in wanted.get("required", ()):
        if name not in given.get("required", ()) and "anyOf" not in given and "oneOf" not in given and sent:
            yield f"{at}.{name}: is required by the reader and need not be there"
    for name in properties.keys() & sent.keys():
        yield from unreadable(properties[name], sent[name], wanted_root, given_root, f"{at}.{name}")
    if isinstance(wanted.get("items"), dict) and isinstance(given.get("items"), dict):
        yield from unreadable(wanted["items"], given["items"], wanted_root, given_root, f"{at}[]")


def resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def kinds(schema: dict[str, Any], root: dict[str, Any]) -> set[str]:
    """JSON types a value may have; empty when anything goes."""
    found = schema.get("type", ())
    types = {found} if isinstance(found, str) else set(found)
    for keyword in ("anyOf", "oneOf"):
        for variant in schema.get(keyword, ()):
            types |= kinds(resolved(variant, root), root)
    if "const" in schema and not types:
        types.add("string" if isinstance(schema["const"], str) else "integer")
    return types


def test_enrolment_understands_every_cohort_rule_that_the_sponsor_publishes() -> None:
    signed = json.loads(
        (contracts_of("sponsor") / "examples" / "sponsor.dose-decision.signed.v1.json").read_text()
    )

    assert parse_cohort_rule(signed["cohort_rule"])


def test_safety_understands_the_dlt_definition_that_the_sponsor_publishes() -> None:
    path = contracts_of("sponsor") / "examples" / "sponsor.protocol-version.approved.v3.json"
    approved = json.loads(path.read_text())

    assert parse_definition(approved["protocol"]["dlt"]).criteria


def operations(service: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    document = json.loads((contracts_of(service) / "openapi.json").read_text())
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path.removeprefix(f"/{service}/api/v1"), operation


READING_POSTS = {
    "/delivery/audit-verifications",
    "/delivery/rebuild-checks",
    "/randomisations/{trial}/{randomisation}/list-upload-checks",
    "/randomisations/{trial}/{randomisation}/replays",
}


@pytest.mark.parametrize("service", SERVICES)
def test_every_command_documents_its_key_and_a_status_that_commands_answer_with(service: str) -> None:
    for method, path, operation in operations(service):
        takes = [one.get("$ref", "").rpartition("/")[2] for one in operation.get("parameters", ())]
        if method == "get" or path in READING_POSTS:
            assert not any(name.startswith("IdempotencyKey") for name in takes), path
            continue
        key = (
            "IdempotencyKeyIfWanted" if path in ("/adverse-events", "/special-reports") else "IdempotencyKey"
        )
        assert key in takes, path
        assert "200" not in operation["responses"], path
        assert operation["responses"].keys() & {"201", "202"}, path


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_documents_its_refusals_and_says_in_words_what_it_does(service: str) -> None:
    for _, path, operation in operations(service):
        assert {"401", "503"} <= operation["responses"].keys(), path
        assert not operation["summary"].endswith(("Route", ".")), path
    assert "HTTPValidationError" not in (contracts_of(service) / "openapi.json").read_text()


@pytest.mark.parametrize("service", SERVICES)
def test_every_answer_of_success_has_a_form(service: str) -> None:
    for method, path, operation in operations(service):
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                [media] = answer["content"].values()
                for form in media["schema"].get("anyOf", [media["schema"]]):
                    assert "$ref" in form or "type" in form, (method, path, status)
                    assert form.get("additionalProperties") is not True, (method, path, status)
