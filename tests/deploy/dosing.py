"""Questions to the dose calculators, for their tests."""

import json
from decimal import Decimal
from typing import Any

import pytest

from deploy.trialops.calculators.dose import CALCULATORS
from deploy.trialops.calculators.invalid import InputInvalid

Json = dict[str, Any]
BOIN: Json = {"design": "boin", "target": 0.3, "levels": 5, "cohort_size": 3, "start_level": 1}
THREE: Json = {"design": "three_plus_three", "levels": 5, "allow_deescalate": False}
ROLLING: Json = {"design": "rolling_six", "levels": 5}
TRUTH = [0.05, 0.15, 0.30, 0.45, 0.60]
ACCRUAL: Json = {
    "mean_gap": 10,
    "window": 28,
    "screening_delay": 0,
    "screen_failure": 0,
    "inevaluable": 0,
    "during_hold": "lost",
}


def as_read(value: Any) -> Any:
    """Numbers as a JSON file gives them."""
    return json.loads(json.dumps(value), parse_float=Decimal)


def asked(command: str, **arguments: Any) -> Json:
    return CALCULATORS[command].result(as_read(arguments))


def problem(command: str, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(InputInvalid) as refused:
        asked(command, **arguments)
    return refused.value.field, refused.value.code


def recommended(design: Json, outcomes: str, **more: Any) -> tuple[str, int | None]:
    found = asked("recommend", design=design, data={"outcomes": outcomes}, **more)
    return found["kind"], found["level"]
