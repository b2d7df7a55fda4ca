"""Randomisations of a protocol file: designs that mean nothing, or would tell a blinded arm, are refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.protocol_randomisation import Randomisation

Json = dict[str, Any]
MINIMISED: Json = {
    "kind": "minimisation",
    "imbalance": "sd",
    "probability": {"scheme": "best_p_rest_equal", "p": "0.8"},
    "factors": [{"factor": "sex", "levels": ["female", "male"]}, {"factor": "site", "weight": "0.5"}],
}


def randomisation(**replaced: Any) -> Json:
    return {
        "randomisation": "first",
        "label": "First",
        "part": "escalation",
        "at": "registration",
        "blinded": True,
        "arms": [{"arm": "a", "label": "A"}, {"arm": "b", "label": "B"}],
        "method": {"kind": "permuted_blocks", "block_sizes": [2, 4]},
        "version": "1",
    } | replaced


def minimised(**replaced: Any) -> Json:
    return randomisation(method=MINIMISED | replaced)


def probability(scheme: str, **parameter: str) -> Json:
    return minimised(probability={"scheme": scheme, **parameter})


@pytest.mark.parametrize(
    "design",
    [
        randomisation(),
        minimised(),
        minimised(counts_follow_corrections=False),
        probability("best_p_rest_equal", p="1"),
        probability("best_p_rest_equal", p="0.5"),
        probability("rank_linear", q="2"),
        probability("g_based", t="0"),
    ],
)
def test_a_design_that_means_something_is_taken(design: Json) -> None:
    assert Randomisation.model_validate(design).randomisation == "first"


@pytest.mark.parametrize(
    ("design", "path"),
    [
        (randomisation(method={"kind": "permuted_blocks", "block_sizes": [4, 4]}), "method.block_sizes"),
        (randomisation(method={"kind": "permuted_blocks", "block_sizes": [3]}), "method.block_sizes"),
        (probability("best_p_rest_equal", p="0.4"), "method.probability"),
        (probability("best_p_rest_equal", p="1.1"), "method.probability"),
        (probability("rank_linear", q="2.1"), "method.probability"),
        (probability("rank_linear", q="0.4"), "method.probability"),
        (probability("g_based", t="1.1"), "method.probability"),
        (minimised(factors=[{"factor": "site", "weight": "0"}]), "factors"),
        (minimised(factors=[{"factor": "site"}, {"factor": "site"}]), "method"),
    ],
)
def test_a_design_that_means_nothing_is_refused_where_it_is_wrong(design: Json, path: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Randomisation.model_validate(design)

    assert path in str(refused.value)


def test_a_later_randomisation_is_open_to_arms_of_an_open_one_alone(protocol: Json) -> None:
    later = randomisation(randomisation="second", at="later", after="first", for_arms=["a"])
    protocol["randomisations"] = [randomisation(part=protocol["parts"][0]["part"], blinded=False), later]
    later["part"] = protocol["parts"][0]["part"]
    assert len(ProtocolFile.model_validate(protocol).randomisations) == 2

    protocol["randomisations"][0]["blinded"] = True

    with pytest.raises(ValidationError, match="would learn the arm"):
        ProtocolFile.model_validate(protocol)
