"""The protocol file's contract: what is refused, and that an event repeats the file as it was stated."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from services.sponsor.events.examples import EXAMPLES
from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.protocol_model import CONTRADICTION
from services.sponsor.events.protocol_parts import dose_of
from services.sponsor.events.published import PUBLISHED, ProtocolVersionApprovedV3

Json = dict[str, Any]


def test_the_file_is_written_as_it_was_stated_without_defaults_and_with_its_own_key_names(
    protocol: Json,
) -> None:
    read = ProtocolFile.model_validate_json(json.dumps(protocol))

    assert read.model_dump(mode="json") == protocol
    assert json.loads(read.model_dump_json()) == protocol
    assert "except" in protocol["dlt"]["criteria"][0]


def test_the_approval_event_carries_the_file_as_stated(protocol: Json) -> None:
    approved = next(event for event in EXAMPLES if isinstance(event, ProtocolVersionApprovedV3))

    assert json.loads(approved.model_dump_json())["protocol"] == protocol


def test_the_committed_example_of_the_replayed_trial_is_a_protocol_file(replayed_protocol: Json) -> None:
    read = ProtocolFile.model_validate_json(json.dumps(replayed_protocol))

    assert read.model_dump(mode="json") == replayed_protocol
    assert str(dose_of(read.parts, "stratum-1", 3)) == "95"


@pytest.mark.parametrize(
    ("spoil", "path"),
    [
        (lambda p: p["parts"][0]["levels"].reverse(), "levels"),
        (lambda p: p["parts"][0].update(start_level=3), "start_level"),
        (lambda p: p["parts"][0].pop("design"), "design"),
        (lambda p: p["parts"][1].pop("monitoring"), "monitoring"),
        (lambda p: p["parts"][1].update(design={"id": "rolling_six", "version": "2008.1"}), "design"),
        (lambda p: p["parts"][1].update(part="escalation"), "parts.1.part"),
        (
            lambda p: p["parts"][1]["monitoring"]["counts"].append({"part": "escalation", "level": 3}),
            "parts.1.monitoring.counts.1",
        ),
        (lambda p: p.update(ctcae="6.0+0"), "dlt.dlt_definition.ctcae"),
        (lambda p: p.update(protocol_version="1.1"), "dlt.dlt_definition.protocol_version"),
    ],
)
def test_a_contradiction_names_where_it_is(spoil: Any, path: str, protocol: Json) -> None:
    spoil(protocol)

    with pytest.raises(ValidationError) as refusal:
        ProtocolFile.model_validate_json(json.dumps(protocol))

    [error] = refusal.value.errors()
    assert error["type"] == CONTRADICTION
    assert path in [problem[0] for problem in error["ctx"]["problems"]]


@pytest.mark.parametrize("kind", ["nothing", None, 3])
def test_a_criterion_of_an_unknown_kind_is_refused(kind: object, protocol: Json) -> None:
    protocol["dlt"]["criteria"][1]["kind"] = kind

    with pytest.raises(ValidationError, match="missed_doses or judgement"):
        ProtocolFile.model_validate_json(json.dumps(protocol))


def test_there_is_one_example_of_every_published_event_and_each_fits_its_schema() -> None:
    assert sorted(type(example).__name__ for example in EXAMPLES) == sorted(c.__name__ for c in PUBLISHED)
    for example in EXAMPLES:
        schema = type(example).model_json_schema(mode="serialization")
        Draft202012Validator(schema).validate(json.loads(example.model_dump_json()))


@pytest.mark.parametrize(
    ("plan", "path"),
    [
        ({"accrual_per_month": "0"}, "accrual_per_month"),
        ({"tolerance_limits": [{"limit": "not_evaluable", "above": "1"}]}, "tolerance_limits"),
        ({"tolerance_limits": [{"limit": "not_evaluable", "above": "0.1"}] * 2}, "tolerance_limits"),
        ({"time_targets": [{"indicator": "K3", "target": "2"}] * 2}, "time_targets"),
    ],
)
def test_a_plan_of_monitoring_that_cannot_be_used_is_refused(plan: Json, path: str, protocol: Json) -> None:
    with pytest.raises(ValidationError) as refused:
        ProtocolFile.model_validate(protocol | {"monitoring": plan})

    [error] = [one for one in refused.value.errors() if one["type"] == CONTRADICTION]
    assert path in [at for at, _ in error["ctx"]["problems"]]
