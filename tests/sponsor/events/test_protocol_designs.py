"""Designs other than the rolling six in a protocol file: what is taken, and what is refused with its path."""

import copy
import json
from typing import Any

import pytest
from pydantic import ValidationError

from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.protocol_model import CONTRADICTION
from services.sponsor.store.protocol_terms import TermsUnusable, read_terms

Json = dict[str, Any]
BOIN: Json = {"id": "boin", "version": "2015.1", "parameters": {"target": "0.3", "cohort_size": 3}}


def with_design(protocol: Json, design: Json) -> Json:
    """The example protocol whose escalation has another design."""
    stated = copy.deepcopy(protocol)
    del stated["parts"][0]["design"]
    stated["parts"][0]["dose_design"] = design
    return stated


@pytest.mark.parametrize(
    "design",
    [
        BOIN,
        {"id": "three_plus_three", "version": "1994.1"},
        {"id": "three_plus_three", "version": "1994.1", "parameters": {"allow_deescalate": False}},
        {"id": "keyboard", "version": "2017.1", "parameters": {"target": "0.25", "eps1": "0.04"}},
        {"id": "mtpi2", "version": "2017.1", "parameters": {"target": "0.25"}},
        {"id": "mtpi", "version": "2010.1", "parameters": {"target": "0.25"}},
        {"id": "i3plus3", "version": "2020.1", "parameters": {"target": "0.25"}},
        {"id": "iq_rolling_six", "version": "2020.1",
         "cells": [{"total": 7, "evaluable": 3, "dlt": 1, "decision": "same"}]},
    ],
    ids=lambda design: design["id"],
)  # fmt: skip
def test_each_design_is_read_and_written_as_it_was_stated(design: Json, protocol: Json) -> None:
    stated = with_design(protocol, design)

    read = ProtocolFile.model_validate_json(json.dumps(stated))

    assert read.model_dump(mode="json") == stated
    part = read_terms(stated).parts["escalation"]
    assert part.design is not None
    assert (part.kind, part.design.name) == ("escalation", design["id"])


@pytest.mark.parametrize(
    ("design", "path"),
    [
        ({"id": "boin", "version": "2015.1"}, "parameters.target"),
        (BOIN | {"parameters": {"target": "0.3", "eps1": "0.05"}}, "parameters.eps1"),
        (BOIN | {"cells": [{"total": 3, "evaluable": 3, "dlt": 0, "decision": "same"}]}, "cells"),
        (
            {"id": "three_plus_three", "version": "1994.1", "parameters": {"target": "0.3"}},
            "parameters.target",
        ),
    ],
)
def test_what_does_not_belong_to_a_design_is_refused_with_its_path(
    design: Json, path: str, protocol: Json
) -> None:
    with pytest.raises(ValidationError) as caught:
        ProtocolFile.model_validate_json(json.dumps(with_design(protocol, design)))

    problems = [
        problem[0]
        for error in caught.value.errors()
        if error["type"] == CONTRADICTION
        for problem in error["ctx"]["problems"]
    ]
    assert path in problems


def test_an_escalation_has_one_design(protocol: Json) -> None:
    both = copy.deepcopy(protocol)
    both["parts"][0]["dose_design"] = BOIN

    with pytest.raises(ValidationError, match="in place of it"):
        ProtocolFile.model_validate_json(json.dumps(both))


@pytest.mark.parametrize(
    ("design", "code"),
    [
        (BOIN | {"version": "1999.9"}, "design_table_invalid"),
        (BOIN | {"parameters": {"target": "0.7"}}, "design_parameter_invalid"),
        (BOIN | {"parameters": {"target": "0.3", "p1": "0.29"}}, "design_parameter_invalid"),
        ({"id": "iq_rolling_six", "version": "2020.1",
          "cells": [{"total": 9, "evaluable": 3, "dlt": 1, "decision": "same"}]}, "design_table_invalid"),
    ],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(design: Json, code: str, protocol: Json) -> None:
    with pytest.raises(TermsUnusable) as refused:
        read_terms(with_design(protocol, design))

    assert [(path, problem.code) for path, problem in refused.value.problems] == [
        ("parts.0.dose_design", code)
    ]
