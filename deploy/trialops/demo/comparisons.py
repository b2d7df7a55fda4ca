"""Beside each decision of the replayed trial, what its own design recommended and what others would have."""

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.trialops.demo.office import Office
from deploy.trialops.demo.tables import table

NAMES = {"boin": "BOIN", "crm": "CRM"}
EXPLAINED = (
    "BOIN and the CRM (empiric, plug-in) with a target of 25 per cent, asked about exactly the data that each "
    "decision was signed on. They decide nothing; the target is this project's choice, not the trial's."
)


async def read_comparisons(office: Office) -> list[dict[str, Any]]:
    """Each decision about a level of an escalation, in order, with three recommendations on its data."""
    listed: list[dict[str, Any]] = []
    query: dict[str, Any] = {"trial": office.trial_id, "limit": 200}
    while True:
        page = await office.manager.get("sponsor", "/design-comparisons", **query)
        listed += [_step(one) for one in page["items"] if one["others"]]
        if page["next_cursor"] is None:
            return listed
        query["cursor"] = page["next_cursor"]


def _step(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "at": one["in_force_at"],
        "part": one["part"],
        "decided": {"kind": one["kind"], "level": one["level"]},
        "own_design": {
            "kind": one["recommendation"]["kind"],
            "level": one["recommendation"]["next_level"],
            "design": one["recommendation"]["cell"]["source"]["id"],
        },
        "others": [
            {
                "design": other["design"],
                "kind": other["kind"],
                "level": other["next_level"],
                "reasons": other["reasons"],
                "dose_if_ended": other["dose_if_ended"],
            }
            for other in one["others"]
        ],
    }


def said_of(step: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """What another design says of a step: of a declared dose, the dose that it would have named."""
    if step["decided"]["kind"] != "declare_mtd":
        return said(other)
    dose = other["dose_if_ended"]
    return "names no dose" if dose is None else f"names level {dose}"


def said(saying: Mapping[str, Any]) -> str:
    """A recommendation in words."""
    kind = str(saying["kind"]).replace("_", " ")
    return kind if saying["level"] is None else f"{kind}, level {saying['level']}"


def comparison_lines(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line per decision."""
    return [
        f"{step['part']}, {said(step['decided'])}: {step['own_design']['design'].replace('_', ' ')} "
        f"{said(step['own_design'])}; "
        + "; ".join(f"{NAMES[other['design']]} {said_of(step, other)}" for other in step["others"])
        for step in steps
    ]


def comparison_table(steps: Sequence[Mapping[str, Any]]) -> str:
    """The HTML of a table with a row per decision."""
    rows = [
        (
            str(step["at"] or "")[:10],
            step["part"],
            said(step["decided"]),
            said(step["own_design"]),
            *(said_of(step, other) for other in step["others"]),
        )
        for step in steps
    ]
    heads = ("Date", "Part", "Decided", "The trial's own design", "BOIN", "CRM")
    return table("What was decided, and what designs recommend on the same data", heads, rows, ("who", "who"))
