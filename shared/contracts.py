"""A service's contracts as committed documents: event schemas and examples, AsyncAPI 3, OpenAPI.

`python -m services.<name> contracts` writes them, `--check` fails when the tree differs. A schema that is
there already is frozen: it may gain optional fields, nothing else; any other change needs a new version of the
event type. Others read these documents, never our classes.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr
from pydantic.json_schema import models_json_schema

from shared.application import build_application
from shared.auth import Principal, TokenRefused
from shared.delivery_events import audit_head_published, delivery_examples, event_parked, replay_requested
from shared.envelope import EVENT_HEADERS, source_of
from shared.outbox import schema_of
from shared.schema_changes import incompatible_changes
from shared.service import Definition, Service
from shared.service_settings import ServiceSettings
from shared.settings import (
    BrokerSettings,
    DeploymentSettings,
    Environment,
    EventSigningSettings,
    FreshnessSettings,
    LimitSettings,
    MailSettings,
    StoreSettings,
    TokenSettings,
)
from shared.stores import open_database
from shared.topics import blinding_of
from shared.transport import DirectTransport
from shared.watermarks import to_record

log = structlog.get_logger(__name__)

Json = dict[str, Any]


def write_contracts(define: Callable[[ServiceSettings], Definition], folder: Path, *, check: bool) -> bool:
    """Write or check the documents under `folder/contracts`.

    Returns:
        Whether all is well: with `check`, whether nothing differs; else whether no frozen schema was broken.
    """
    definition = described(define, folder.name)
    target = folder / "contracts"
    wanted = dict(_documents(definition)) | dict(_retired_documents(definition, target))
    if check:
        return _nothing_differs(target, wanted)
    broken = _broken_schemas(target, wanted)
    for name, changes in broken.items():
        log.error("frozen_schema_broken", document=name, changes=changes)
    if broken:
        return False
    for stale in _present(target) - wanted.keys():
        (target / stale).unlink()
    for name, text in wanted.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return True


def described(define: Callable[[ServiceSettings], Definition], name: str) -> Definition:
    """A service's definition, made without opening or reading anything."""
    return define(_settings(name))


def event_classes(definition: Definition) -> list[Any]:
    """Every event class of a service: its own, and those about delivery that each service has."""
    name = definition.name
    delivery = (replay_requested(name), audit_head_published(name), event_parked(name))
    return [*definition.published.events, *delivery]


def _documents(definition: Definition) -> Iterator[tuple[str, str]]:
    published = definition.published
    for event in event_classes(definition):
        schema = event.model_json_schema(mode="serialization")
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": schema_of(event.event_type),
        } | schema
        yield f"events/{event.event_type}.schema.json", _text(schema)
    for example in (*published.examples, *delivery_examples(definition.name)):
        yield f"examples/{example.event_type}.json", _text(json.loads(example.model_dump_json()))
    for name, model in published.documents.items():
        yield name, _text(model.model_json_schema(by_alias=True))
    yield "asyncapi.json", _text(_asyncapi(definition))
    yield "openapi.json", _text(_openapi(definition))


def _retired_documents(definition: Definition, target: Path) -> Iterator[tuple[str, str]]:
    """Documents of types that are no longer said, as they were committed; one that is lost is an error."""
    for event_type in definition.published.retired:
        for name in (f"events/{event_type}.schema.json", f"examples/{event_type}.json"):
            yield name, (target / name).read_text()


def _text(document: Json) -> str:
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _present(target: Path) -> set[str]:
    return {str(path.relative_to(target)) for path in target.rglob("*.json")}


def _nothing_differs(target: Path, wanted: Mapping[str, str]) -> bool:
    differing = _present(target) ^ wanted.keys()
    differing |= {name for name in wanted.keys() - differing if (target / name).read_text() != wanted[name]}
    for name in sorted(differing):
        log.error("contract_differs", document=name)
    return not differing


def _broken_schemas(target: Path, wanted: Mapping[str, str]) -> dict[str, list[str]]:
    broken = {}
    for name in sorted(_present(target)):
        if name.startswith("events/"):
            old = json.loads((target / name).read_text())
            new = json.loads(wanted[name]) if name in wanted else None
            changes = ["the event type was removed"] if new is None else incompatible_changes(old, new)
            if changes:
                broken[name] = changes
    return broken


# -- AsyncAPI -------------------------------------------------------------------------------------------


def _asyncapi(definition: Definition) -> Json:
    name = definition.name
    classes = event_classes(definition)
    unblinded = [event for event in classes if blinding_of(event) == "unblinded"]
    said = [event for event in classes if event not in unblinded]
    _, schemas = models_json_schema(
        [(event, "serialization") for event in classes], ref_template="#/components/schemas/{model}"
    )
    components = schemas.get("$defs", {})
    channels: Json = {name: _channel(definition.topic, {event.__name__: event.__name__ for event in said})}
    operations: Json = {
        "publish": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": f"Everything that the {name} service says; one partition per scope, order per aggregate.",
        }
    }
    if definition.unblinded_topic:
        beside = f"{name}-unblinded"
        messages = {event.__name__: event.__name__ for event in unblinded}
        channels[beside] = _channel(definition.unblinded_topic, messages)
        operations["publish-unblinded"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{beside}"},
            "summary": "Unblinded facts, under access rights of their own; no service of the installation reads them.",
        }
    for consumer in definition.consumers:
        channels[consumer.producer] = _channel(consumer.topic, {})
        types = sorted(consumer.effects)
        operations[f"read-{consumer.producer}"] = {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{consumer.producer}"},
            "summary": f"Types that take effect here: {', '.join(types)}. Ignored by name: "
            f"{', '.join(sorted(consumer.ignored)) or 'none'}.",
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"{definition.title}: events",
            "version": "1",
            "description": "CloudEvents 1.0 in Kafka binary mode. A type's version never changes its meaning; it "
            "may gain optional fields. ce_sequence is gapless per ce_subject; compare it as a number.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {"host": "kafka:9094", "protocol": "kafka-secure", "description": "Set by operators"}
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {event.__name__: _message(name, event) for event in classes},
            "schemas": components,
        },
    }


def _channel(topic: str, messages: Mapping[str, str]) -> Json:
    return {
        "address": topic,
        "messages": {key: {"$ref": f"#/components/messages/{value}"} for key, value in messages.items()},
        "bindings": {"kafka": {"topic": topic, "partitions": 6, "bindingVersion": "0.5.0"}},
    }


def _message(service: str, event: Any) -> Json:
    properties: Json = {header: {"type": "string"} for header in EVENT_HEADERS}
    properties["ce_type"] = {"type": "string", "const": event.event_type}
    properties["ce_source"] = {"type": "string", "const": source_of(service)}
    properties["ce_dataschema"] = {"type": "string", "const": schema_of(event.event_type)}
    properties["ce_sequence"] = {"type": "string", "pattern": "^[1-9][0-9]*$"}
    properties["ce_blinding"] = {"type": "string", "const": blinding_of(event)}
    properties["ce_causationid"] = {"type": "string"}
    return {
        "name": event.event_type,
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip().splitlines()[0] if event.__doc__ else event.event_type,
        "contentType": "application/json",
        "headers": {"type": "object", "properties": properties, "required": list(EVENT_HEADERS)},
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
    }


# -- OpenAPI --------------------------------------------------------------------------------------------


class _Nobody:
    """Believes no token: the application is built only to be described."""

    def verify(self, token: str) -> Principal:
        raise TokenRefused("no verifier")


def _openapi(definition: Definition) -> Json:
    settings = _settings(definition.name)
    service = Service(
        definition,
        settings=settings,
        database=open_database(settings.store.database_url.get_secret_value()),
        transport=DirectTransport(to_record),
    )
    return build_application(service, _Nobody()).openapi()


def _settings(service: str) -> ServiceSettings:
    """Settings for describing a service; nothing is opened with them."""
    return ServiceSettings(
        service=service,
        deployment=DeploymentSettings(environment=Environment.DEMONSTRATION),
        store=StoreSettings(database_url=SecretStr("sqlite:///described-only.sqlite3")),
        broker=BrokerSettings(),
        tokens=TokenSettings(),
        event_signing=EventSigningSettings(),
        mail=MailSettings(),
        freshness=FreshnessSettings(),
        limits=LimitSettings(),
    )
