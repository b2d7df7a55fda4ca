"""Protocol files of the ten kinds of trial, as small as each kind allows."""

from copy import deepcopy
from typing import Any

from services.sponsor.events.examples import EXAMPLE_PROTOCOL

Json = dict[str, Any]
KINDS = (
    "dose_finding",
    "expansion",
    "randomised",
    "advanced_therapy",
    "radiotherapy",
    "supportive_care",
    "sample_study",
    "survivor_cohort",
    "quality_of_life",
    "qualitative",
)
COHORT: Json = {
    "part": "main",
    "stratum": "all",
    "kind": "cohort",
    "age": {"from_years": 0, "below_years": 18},
}
LEVEL_BLOCKS = ("dlt", "treatment", "slots", "decision")


def follow_up(years: int) -> Json:
    visit = {"visit": "yearly", "label": "Yearly visit", "kind": "visit"}
    series = {"from_days": 365, "every_days": 365, "until_days": years * 365}
    return {"starts": "registration", "years": years, "visits": [visit | series]}


def randomisation(*, part: str = "main", blinded: bool = False) -> Json:
    return {
        "randomisation": "first",
        "label": "At registration",
        "part": part,
        "at": "registration",
        "blinded": blinded,
        "arms": [{"arm": "a", "label": "A"}, {"arm": "b", "label": "B"}],
        "method": {"kind": "permuted_blocks", "block_sizes": [2, 4]},
        "version": "1",
    }


def protocol_of_kind(
    kind: str, *, ctimp: bool, hosted: bool = False, blinded: bool = False, with_levels: bool = False
) -> Json:
    """A protocol file of this kind, with one cohort, or with the example's dose levels."""
    document = deepcopy(EXAMPLE_PROTOCOL)
    document["trial"] |= {"kind": kind, "ctimp": ctimp, "hosted": hosted, "registry_ids": []}
    if not with_levels:
        document["parts"] = [COHORT]
        for block in LEVEL_BLOCKS:
            document.pop(block)
    if kind == "randomised" or blinded:
        part = document["parts"][0]["part"]
        document["randomisations"] = [randomisation(part=part, blinded=blinded)]
    if kind == "advanced_therapy":
        document["follow_up"] = follow_up(15)
    if hosted:
        document.pop("decision", None)
    return document
